//! `w:p`: keep-alive.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};

pub(super) fn get(_request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move { Ok(Answer::empty()) })
}
