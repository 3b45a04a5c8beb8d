//! `disappearing_mode`: the default timer of new chats.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};
use crate::nodes::number;

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let seconds = number(request.child("disappearing_mode")?, "duration");
        let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
        let seconds = seconds.ok_or(IqError::BadRequest("duration"))?;
        request.core.set_timer(request.origin()?, seconds).await?;
        Ok(Answer::empty())
    })
}
