//! `<ib>` of a client: it asks for a part of its queue, or tells something that has no answer.

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::Node;

use crate::nodes::number;
use crate::router::{Exchange, Replies};

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let Replies::Wire(conn) = &exchange.replies else { return Ok(()) };
        for child in node.children().unwrap_or_default() {
            if child.tag == "offline_batch" {
                let count = number(child, "count").and_then(|count| usize::try_from(count).ok());
                exchange
                    .core
                    .fetch_batch(exchange.origin.key(), conn.id, count.unwrap_or(usize::MAX))
                    .await?;
            } else {
                tracing::debug!(device = %exchange.origin.key(), tag = %child.tag, "ib");
            }
        }
        Ok(())
    })
}
