//! `<message>`: by what its `to` addresses.

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::{JidExt, Node, Server};

use crate::nodes::jid;
use crate::router::Exchange;

/// Refusal of a destination that this network does not serve.
const NOT_SERVED: u16 = 404;

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        match jid(&node, "to") {
            Some(to) if is_user(to.server) => exchange.direct_message(&node, &to).await,
            Some(to) if to.server == Server::Newsletter => exchange.channel_message(&node, &to).await,
            Some(to) if to.is_status_broadcast() => exchange.status_message(&node).await,
            Some(to) if to.server == Server::Group => exchange.group_message(&node, &to).await,
            to => {
                tracing::info!(from = %exchange.origin.key(), ?to, "message to an unknown kind of chat refused");
                exchange.answer(&node, Some(NOT_SERVED));
                Ok(())
            }
        }
    })
}

/// Whether a server part addresses a person.
pub(in crate::handlers) fn is_user(server: Server) -> bool {
    server.is_pn_family() || server.is_lid_family() || server == Server::Legacy
}
