//! `status`: the profile text.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};
use crate::nodes::content;

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let text = String::from_utf8_lossy(content(request.child("status")?)).into_owned();
        request.core.set_about(&request.origin()?.account, text).await?;
        Ok(Answer::empty())
    })
}
