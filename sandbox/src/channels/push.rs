//! What the server tells about channels without being asked.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{history, jid_of};
use crate::core::Core;
use crate::router::Origin;
use crate::state::{DeviceKey, Entry};

/// A change of a channel or of a membership, in the form of a GraphQL subscription.
pub(crate) struct Push {
    /// Operation that clients dispatch on.
    pub(crate) operation: &'static str,
    /// Member of `data` that holds the change.
    pub(crate) key: &'static str,
    pub(crate) change: Value,
    /// The change once more, for clients that look for `updates`.
    pub(crate) update: Option<Value>,
}

impl Push {
    /// An account follows a channel, which it sees as `shown`.
    pub(crate) fn joined(shown: &Value) -> Self {
        Self {
            operation: "NotificationNewsletterJoin",
            key: "xwa2_notify_newsletter_on_join",
            change: shown.clone(),
            update: None,
        }
    }

    fn node(&self) -> Node {
        let mut payload = json!({ "data": { self.key: self.change } });
        if let (Some(update), Some(object)) = (&self.update, payload.as_object_mut()) {
            object.insert("updates".to_owned(), json!([update]));
        }
        let json = payload.to_string().into_bytes();
        NodeBuilder::new("update").attr("op_name", self.operation).bytes(json).build()
    }
}

impl Core {
    /// Tells every device of accounts about a change, but the one that made it.
    pub(crate) async fn push_change(
        self: &Arc<Self>,
        channel: u64,
        accounts: &[u64],
        origin: &Origin,
        push: &Push,
    ) -> Result<()> {
        let devices = self.devices_but(accounts, origin).await?;
        self.notify_all("mex", channel, devices, None, &push.node()).await
    }

    /// Tells every device of accounts, but the one that made the change, which role a member has
    /// now; for clients that do not learn it from a [`Push`].
    pub(crate) async fn push_role(
        self: &Arc<Self>,
        channel: u64,
        accounts: &[u64],
        origin: &Origin,
        participant: &Node,
    ) -> Result<()> {
        let devices = self.devices_but(accounts, origin).await?;
        self.notify_all("newsletter", channel, devices, Some(origin), participant).await
    }

    /// Shows devices that watch a channel how a post stands, and in `event` what happened to it,
    /// for clients that look for that.
    pub(super) async fn push_live(
        self: &Arc<Self>,
        channel: u64,
        server_id: u64,
        event: Option<Node>,
    ) -> Result<()> {
        let mut devices = self.channels.live.subscribers(channel, &self.clock);
        // What one missed while away it finds in the history.
        devices.retain(|device| self.live.conn(*device).is_some());
        let Some(post) = self.state.post(channel, server_id).await? else { return Ok(()) };
        let mut entries = Vec::new();
        for device in devices {
            let posts =
                history(&jid_of(channel), std::slice::from_ref(&post), device.pn, self.clock.unix_secs())?;
            let update = NodeBuilder::new("live_updates").children([posts]).build();
            let node = self
                .notification("newsletter", jid_of(channel))
                .children(std::iter::once(update).chain(event.clone()))
                .build();
            entries.push(Entry::new(device, &node, None)?);
        }
        self.enqueue(entries, |_| {}).await
    }

    async fn devices_but(&self, accounts: &[u64], origin: &Origin) -> Result<Vec<DeviceKey>> {
        let mut devices = Vec::new();
        for pn in accounts {
            let Some(account) = self.by_number(*pn).await? else { continue };
            devices.extend(account.devices().into_iter().map(|device| account.key(device)));
        }
        devices.retain(|key| *key != origin.key());
        Ok(devices)
    }

    async fn notify_all(
        self: &Arc<Self>,
        kind: &'static str,
        channel: u64,
        devices: Vec<DeviceKey>,
        author: Option<&Origin>,
        child: &Node,
    ) -> Result<()> {
        let mut entries = Vec::new();
        for device in devices {
            let mut node = self.notification(kind, jid_of(channel));
            if let Some(author) = author {
                node = node.attr("participant", author.account.pn_jid(0));
            }
            entries.push(Entry::new(device, &node.children([child.clone()]).build(), None)?);
        }
        self.enqueue(entries, |_| {}).await
    }
}
