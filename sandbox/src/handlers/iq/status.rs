//! `status`: the profile text.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};
use crate::nodes::content;

/// Characters that clients let their users type.
const LONGEST: usize = 139;

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let text = String::from_utf8_lossy(content(request.child("status")?)).into_owned();
        if text.chars().count() > LONGEST {
            return Err(IqError::NotAcceptable("profile text is too long"));
        }
        request.core.set_about(request.origin()?, text).await?;
        Ok(Answer::empty())
    })
}
