//! `<presence>`: available, unavailable, subscribe, unsubscribe, and the push name.

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::Node;

use crate::nodes::{jid, text};
use crate::router::{Exchange, keep_push_name};

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let Exchange { core, origin, .. } = &exchange;
        if let Some(name) = text(&node, "name") {
            keep_push_name(core, origin, name).await?;
        }
        match (text(&node, "type").as_deref(), jid(&node, "to")) {
            (Some("subscribe"), Some(to)) => core.watch_presence(origin, &to).await?,
            (Some("unsubscribe"), Some(to)) => core.unwatch_presence(origin, &to).await?,
            (Some("unavailable"), _) => core.mark_presence(origin, false),
            (Some("available"), _) => core.mark_presence(origin, true),
            // A name alone is how some clients announce themselves; it says nothing of being there.
            _ => {}
        }
        Ok(())
    })
}
