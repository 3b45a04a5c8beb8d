//! `<presence>`: available, unavailable, subscribe, unsubscribe, and the push name.

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::Node;

use crate::nodes::{jid, text};
use crate::router::Exchange;

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let Exchange { core, origin, .. } = &exchange;
        let kind = text(&node, "type");
        if let Some(name) = text(&node, "name") {
            core.keep_push_name(origin, name.clone()).await?;
            if kind.is_none() {
                core.rename(origin, name).await?;
            }
        }
        match (kind.as_deref(), jid(&node, "to")) {
            (Some("subscribe"), Some(to)) => core.watch_presence(origin, &to, &node).await?,
            (Some("unsubscribe"), Some(to)) => core.unwatch_presence(origin, &to).await?,
            (Some("unavailable"), _) => core.mark_presence(origin, false),
            (Some("available"), _) => core.mark_presence(origin, true),
            // A name alone is how clients announce a new one; it says nothing of being there.
            _ => {}
        }
        Ok(())
    })
}
