//! Notifications the server makes by itself.

use std::sync::Arc;

use anyhow::Result;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::account::Account;
use super::exchange::Origin;
use crate::core::Core;
use crate::nodes::SERVER;
use crate::ports::{Companion, PortResult};
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

    /// Queues a notification for each of these devices, each with an id of its own.
    pub(crate) async fn notify_each(
        self: &Arc<Self>,
        devices: impl IntoIterator<Item = DeviceKey>,
        make: impl Fn() -> NodeBuilder,
    ) -> Result<()> {
        let entries: Result<Vec<Entry>> =
            devices.into_iter().map(|device| Entry::new(device, &make().build(), None)).collect();
        self.enqueue(entries?, |_| {}).await
    }

    /// All devices, phones included, of those who know an account or share a group with it, as
    /// far as they pass a test.
    pub(crate) async fn acquainted_devices(
        &self,
        account: &Account,
        may_know: impl Fn(&Account) -> bool,
    ) -> PortResult<Vec<DeviceKey>> {
        let mut devices = Vec::new();
        let mut known = self.groups.companions_of(account.pn);
        known.extend(account.acquaintances());
        for pn in known {
            if let Some(peer) = self.by_number(pn).await?.filter(|peer| may_know(peer)) {
                devices.extend(peer.keys());
            }
        }
        Ok(devices)
    }

    /// Announces a change of an account's device list to its other devices and to those of
    /// every account it is acquainted with or shares a group with.
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
        let mut audience = account.other_keys(device.device);
        audience.extend(self.acquainted_devices(account, |_| true).await?);
        self.notify_each(audience, || {
            self.notification("devices", account.pn_jid(0))
                .attr("lid", account.lid_jid(0))
                .children([operation.clone()])
        })
        .await?;
        self.announce_own_devices(account, device.device).await
    }

    /// Gives an account's other companions its whole device list.
    async fn announce_own_devices(self: &Arc<Self>, account: &Account, except: u16) -> Result<()> {
        let (ts, list) = self.key_index_list(account).await?;
        let phone = NodeBuilder::new("device").attr("jid", account.pn_jid(0)).build();
        let companions = account.companions().into_iter().map(|companion| {
            NodeBuilder::new("device")
                .attr("jid", account.pn_jid(companion.device))
                .attr("key-index", companion.key_index)
                .build()
        });
        let keys = NodeBuilder::new("key-index-list").attr("ts", ts).bytes(list.to_vec()).build();
        let devices = std::iter::once(phone).chain(companions).chain([keys]);
        let list = NodeBuilder::new("devices").attr("dhash", account.device_hash()).children(devices).build();
        let others = account.companion_keys().into_iter().filter(|other| other.device != except);
        self.notify_each(others, || {
            self.notification("account_sync", account.pn_jid(0)).children([list.clone()])
        })
        .await
    }

    /// Asks a companion for one-time keys, once when it has few left and once when the last is gone.
    pub(crate) async fn warn_few_pre_keys(self: &Arc<Self>, device: DeviceKey, left: u32) -> Result<()> {
        if left != FEW_PRE_KEYS && left != 0 {
            return Ok(());
        }
        let count = NodeBuilder::new("count").attr("value", left).build();
        self.notify(device, &self.notification("encrypt", SERVER).children([count]).build()).await
    }

    /// Tells the account's other devices, the phone too, that an app-state collection has a new
    /// version. A companion that its phone has not introduced yet has no keys to read it with; it
    /// is told by [`Core::catch_up_app_state`].
    pub(crate) async fn announce_app_state(
        self: &Arc<Self>,
        author: &Origin,
        collection: &str,
        version: u64,
    ) -> Result<()> {
        let account = &author.account;
        let introduced = |device| device == 0 || account.device(device).is_some_and(|row| row.ready);
        let others = account.devices().into_iter();
        let others = others.filter(|device| *device != author.device && introduced(*device));
        self.notify_each(others.map(|device| account.key(device)), || self.server_sync(collection, version))
            .await
    }

    /// Tells a companion that was just introduced of every collection, because a patch may have been
    /// accepted after its first look and before it counted as introduced. One that has seen the
    /// version already does nothing.
    pub(crate) async fn catch_up_app_state(self: &Arc<Self>, companion: &Origin) -> Result<()> {
        for (collection, version) in self.state.app_state_versions(companion.account.pn).await? {
            self.notify_each([companion.key()], || self.server_sync(&collection, version)).await?;
        }
        Ok(())
    }

    /// One collection per notification: some clients read only the first.
    fn server_sync(&self, collection: &str, version: u64) -> NodeBuilder {
        let child = NodeBuilder::new("collection").attr("name", collection).attr("version", version).build();
        self.notification("server_sync", SERVER).children([child])
    }
}
