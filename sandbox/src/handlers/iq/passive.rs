//! `passive`: whether a device takes live stanzas.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let device = request.origin()?.key();
        // a phone is fed by the pump and never passive
        let Some(conn) = request.conn.as_ref().map(|conn| conn.id) else { return Ok(Answer::empty()) };
        if request.node.get_optional_child("passive").is_some() {
            request.core.live.pause(device, conn);
            return Ok(Answer::empty());
        }
        let core = request.core;
        core.live.activate(device, conn);
        Ok(Answer::empty().then(async move {
            if let Err(error) = core.resume_device(device, conn).await {
                tracing::error!(%device, error = %format!("{error:#}"), "device cannot be resumed");
            }
        }))
    })
}
