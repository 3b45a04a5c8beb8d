//! Receipts for posts: whoever has read one counts as one of its views.

use std::collections::BTreeSet;

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::number_of;
use crate::nodes::text;
use crate::router::Exchange;

/// Types of receipts that say that a post was seen.
const SEEN: [&str; 5] = ["read", "read-self", "played", "played-self", "view"];

impl Exchange {
    /// Handles a receipt whose `to` is a channel.
    pub(crate) async fn channel_receipt(&self, node: &Node, to: &Jid) -> Result<()> {
        self.answer(node, None);
        let kind = text(node, "type").unwrap_or_default();
        let Some(channel) = number_of(to).filter(|_| SEEN.contains(&kind.as_str())) else { return Ok(()) };
        let (own, now) = (self.origin.account.pn, self.core.clock.unix_secs());
        let mut viewed = BTreeSet::new();
        for name in posts_named(node) {
            viewed.extend(self.core.state.view_post(channel, name, own, now).await?);
        }
        for server_id in viewed {
            let views = self.core.state.post(channel, server_id).await?.map_or(0, |post| post.views);
            let event = NodeBuilder::new("view")
                .attr("message_id", server_id)
                .bytes(views.to_string().into_bytes())
                .build();
            self.core.push_live(channel, server_id, Some(event)).await?;
        }
        Ok(())
    }
}

/// Stanza ids and server ids that a receipt is about; the id of a `view` is its own.
fn posts_named(node: &Node) -> Vec<String> {
    let listed =
        node.get_optional_child("list").into_iter().flat_map(|list| list.get_children_by_tag("item"));
    let mut names: Vec<String> =
        listed.filter_map(|item| text(item, "server_id").or_else(|| text(item, "id"))).collect();
    if text(node, "type").as_deref() != Some("view") {
        names.extend(text(node, "id"));
    }
    names
}
