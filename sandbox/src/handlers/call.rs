//! `<call>`: acknowledged; calls ring nobody on this network.

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::Node;

use crate::router::Exchange;

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        exchange.answer(&node, None);
        Ok(())
    })
}
