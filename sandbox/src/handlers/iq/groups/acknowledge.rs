//! `<ack/>`: a client says that its user has seen the group.

use futures::future::BoxFuture;

use super::super::request::{Answer, IqError};
use super::ask::Ask;

pub(super) fn set(_ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async { Ok(Answer::empty()) })
}
