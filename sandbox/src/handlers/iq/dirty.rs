//! `urn:xmpp:whatsapp:dirty`: a client has cleaned up; nothing is kept about it.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};

pub(super) fn set(_request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move { Ok(Answer::empty()) })
}
