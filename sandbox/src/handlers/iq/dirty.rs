//! `urn:xmpp:whatsapp:dirty`: a client has fetched anew what it was told is stale.

use futures::future::BoxFuture;

use super::request::{Answer, IqError, Request};
use crate::nodes::text;

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let device = request.origin()?.key();
        for kind in request.node.get_children_by_tag("clean").filter_map(|clean| text(clean, "type")) {
            request.core.state.clean(device, kind).await?;
        }
        Ok(Answer::empty())
    })
}
