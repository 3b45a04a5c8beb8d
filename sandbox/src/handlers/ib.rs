//! `<ib>` of a client (`unified_session`, `offline_batch`): information without an answer.

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::Node;

use crate::router::Exchange;

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let children = node.children().unwrap_or_default();
        let tags: Vec<&str> = children.iter().map(|child| child.tag.as_ref()).collect();
        tracing::debug!(device = %exchange.origin.key(), ?tags, "ib");
        Ok(())
    })
}
