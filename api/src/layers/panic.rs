//! A panic becomes a 500 problem; the connection and the process live on.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::problem::{Code, Problem};

/// What a panic said, for the log.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {0}")]
struct Panicked(String);

/// The answer to a request whose handler panicked.
#[expect(clippy::needless_pass_by_value, reason = "tower-http hands the panic over")]
pub(crate) fn catch_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default();
    Problem::plain(Code::Internal).because(Panicked(said)).into_response()
}
