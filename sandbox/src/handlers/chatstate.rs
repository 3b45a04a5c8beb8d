//! `<chatstate>`: composing, recording, paused.

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::{Node, Server};

use super::message::is_user;
use crate::nodes::jid;
use crate::router::Exchange;

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        match jid(&node, "to") {
            Some(to) if is_user(to.server) => exchange.direct_chatstate(&node, &to).await,
            Some(to) if to.server == Server::Group => exchange.group_chatstate(&node, &to).await,
            _ => Ok(()),
        }
    })
}
