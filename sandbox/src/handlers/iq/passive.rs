//! `passive`: whether a device takes live stanzas.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let device = request.origin()?.key();
        if request.node.get_optional_child("passive").is_some() {
            request.core.live.pause(device, request.conn.id);
            return Ok(Answer::empty());
        }
        let core = request.core;
        let conn = request.conn.id;
        Ok(Answer::empty().then(async move {
            if let Err(error) = core.resume_device(device, conn).await {
                tracing::error!(%device, error = %format!("{error:#}"), "device cannot be resumed");
            }
        }))
    })
}
