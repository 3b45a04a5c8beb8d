//! `<receipt>`: takes the message off the queue, then goes to whom it concerns.

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::{JidExt, Node, Server};

use super::message::is_user;
use crate::nodes::{jid, text};
use crate::router::{Acknowledged, Exchange, Replies};

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        take_off_queue(&exchange, &node).await?;
        match jid(&node, "to") {
            Some(to) if is_user(to.server) && !to.user.is_empty() => {
                exchange.direct_receipt(&node, &to).await
            }
            Some(to) if to.server == Server::Newsletter => exchange.channel_receipt(&node, &to).await,
            Some(to) if to.is_status_broadcast() => exchange.status_receipt(&node).await,
            Some(to) if to.server == Server::Group => exchange.group_receipt(&node, &to).await,
            _ => {
                exchange.answer(&node, None);
                Ok(())
            }
        }
    })
}

/// A receipt of any type says that the device has the message.
async fn take_off_queue(exchange: &Exchange, node: &Node) -> Result<()> {
    let Replies::Wire(conn) = &exchange.replies else { return Ok(()) };
    let listed = node.get_optional_child("list");
    let items = listed.into_iter().flat_map(|list| list.get_children_by_tag("item"));
    for id in std::iter::once(node).chain(items).filter_map(|node| text(node, "id")) {
        let what = Acknowledged { class: "message", id: &id, from: None, kind: None };
        exchange.core.acknowledge(exchange.origin.key(), conn.id, what).await?;
    }
    Ok(())
}
