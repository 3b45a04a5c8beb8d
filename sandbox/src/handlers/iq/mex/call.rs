//! What an operation is called with, and what it gives back.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::core::Core;
use crate::handlers::iq::request::IqError;
use crate::router::Origin;

/// One query.
pub(in crate::handlers::iq) struct Call {
    pub(in crate::handlers::iq) core: Arc<Core>,
    /// The device that asks.
    pub(in crate::handlers::iq) origin: Origin,
    /// Always an object.
    pub(in crate::handlers::iq) variables: Value,
}

impl Call {
    /// A text among the variables, by JSON pointer; `null` and the empty text count as absent.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.variables.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
    }

    /// A text that must be there; `name` is for the refusal.
    pub(super) fn required(&self, pointer: &str, name: &'static str) -> Result<&str, IqError> {
        self.text(pointer).ok_or(IqError::BadRequest(name))
    }
}

/// A result, and work that follows it.
pub(in crate::handlers::iq) struct Data {
    /// Value of the operation's key.
    pub(in crate::handlers::iq) value: Value,
    pub(in crate::handlers::iq) then: Option<BoxFuture<'static, ()>>,
}

impl Data {
    /// A result that nothing follows.
    pub(super) fn of(value: Value) -> Self {
        Self { value, then: None }
    }

    /// Adds work that starts once the result is on its way.
    pub(super) fn then(self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { then: Some(Box::pin(work)), ..self }
    }
}
