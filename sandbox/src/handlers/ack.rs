//! `<ack>`: the device has the stanza.

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::Node;

use crate::nodes::text;
use crate::router::{Acknowledged, Exchange, Replies};

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let Replies::Wire(conn) = &exchange.replies else { return Ok(()) };
        let (Some(class), Some(id)) = (text(&node, "class"), text(&node, "id")) else {
            return Ok(());
        };
        if let Some(error) = text(&node, "error") {
            tracing::info!(device = %exchange.origin.key(), class, id, error, "client refused a stanza");
        }
        let (from, kind) = (text(&node, "to"), text(&node, "type"));
        let what = Acknowledged { class: &class, id: &id, from: from.as_deref(), kind: kind.as_deref() };
        exchange.core.acknowledge(exchange.origin.key(), conn.id, what).await
    })
}
