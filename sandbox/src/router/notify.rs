//! Notifications the server makes by itself.

use std::sync::Arc;

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};

use super::account::Account;
use crate::core::Core;
use crate::nodes::SERVER;
use crate::ports::Companion;
use crate::state::{DeviceKey, Entry};

/// One-time keys left at which a device is asked for more.
const FEW_PRE_KEYS: u32 = 10;

/// What happened to a device list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListChange {
    Added,
    Removed,
}

impl Core {
    /// Queues a notification for a device.
    pub(crate) async fn notify(self: &Arc<Self>, device: DeviceKey, node: &Node) -> Result<()> {
        self.enqueue(vec![Entry::new(device, node, None)?], |_| {}).await
    }

    /// Announces a change of an account's device list to its other companions and to the
    /// companions of every account it has written with.
    pub(crate) async fn announce(
        self: &Arc<Self>,
        account: &Arc<Account>,
        device: Companion,
        change: ListChange,
    ) -> Result<()> {
        let (ts, list) = self.key_index_list(account).await?;
        let entry = NodeBuilder::new("device")
            .attr("jid", account.pn_jid(device.device))
            .attr("key-index", device.key_index)
            .attr("lid", account.lid_jid(device.device))
            .build();
        let keys = NodeBuilder::new("key-index-list").attr("ts", ts).bytes(list.to_vec()).build();
        let tag = match change {
            ListChange::Added => "add",
            ListChange::Removed => "remove",
        };
        let operation = NodeBuilder::new(tag).children([entry, keys]).build();
        let mut entries = Vec::new();
        for target in self.audience(account, device.device).await? {
            let node = self
                .notification("devices", account.pn_jid(0))
                .attr("lid", account.lid_jid(0))
                .children([operation.clone()])
                .build();
            entries.push(Entry::new(target, &node, None)?);
        }
        self.enqueue(entries, |_| {}).await
    }

    async fn audience(&self, account: &Arc<Account>, except: u16) -> Result<Vec<DeviceKey>> {
        let own = account.companions().into_iter().filter(|companion| companion.device != except);
        let mut audience: Vec<DeviceKey> = own.map(|companion| account.key(companion.device)).collect();
        for pn in account.contacts() {
            if let Some(contact) = self.by_number(pn).await? {
                audience.extend(contact.companions().iter().map(|companion| contact.key(companion.device)));
            }
        }
        Ok(audience)
    }

    /// Asks a companion for one-time keys, once when it has few left and once when the last is gone.
    pub(crate) async fn warn_few_pre_keys(self: &Arc<Self>, device: DeviceKey, left: u32) -> Result<()> {
        if left != FEW_PRE_KEYS && left != 0 {
            return Ok(());
        }
        let count = NodeBuilder::new("count").attr("value", left).build();
        self.notify(device, &self.notification("encrypt", SERVER).children([count]).build()).await
    }

    /// Tells companions, all but one, that an app-state collection has a new version.
    pub(crate) async fn announce_app_state(
        self: &Arc<Self>,
        account: &Arc<Account>,
        except: u16,
        collection: &str,
        version: u64,
    ) -> Result<()> {
        let mut entries = Vec::new();
        // one that its phone has not introduced yet asks by itself once it has the keys
        let introduced = |device| account.device(device).is_some_and(|row| row.ready);
        let others = account
            .companions()
            .into_iter()
            .filter(|other| other.device != except && introduced(other.device));
        for companion in others {
            let child =
                NodeBuilder::new("collection").attr("name", collection).attr("version", version).build();
            let node = self.notification("server_sync", SERVER).children([child]).build();
            entries.push(Entry::new(account.key(companion.device), &node, None)?);
        }
        self.enqueue(entries, |_| {}).await
    }

    /// Passes a privacy token from its issuer to the companions of the account it is for.
    pub(crate) async fn pass_privacy_token(
        self: &Arc<Self>,
        issuer: &Account,
        holder: &Arc<Account>,
        token: &Node,
    ) -> Result<()> {
        let mut entries = Vec::new();
        for companion in holder.companions() {
            let tokens = NodeBuilder::new("tokens").children([token.clone()]).build();
            let node = self
                .notification("privacy_token", issuer.jid(Server::Pn, 0))
                .attr("sender_lid", issuer.lid_jid(0))
                .children([tokens])
                .build();
            entries.push(Entry::new(holder.key(companion.device), &node, None)?);
        }
        self.enqueue(entries, |_| {}).await
    }
}
