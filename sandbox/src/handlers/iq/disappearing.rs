//! `disappearing_mode`: the default timer of new chats; clients keep it themselves.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};

pub(super) fn set(_request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move { Ok(Answer::empty()) })
}
