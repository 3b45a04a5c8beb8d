//! Who is online, and who wants to know.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use super::account::Account;
use super::exchange::Origin;
use crate::core::Core;
use crate::state::DeviceKey;

/// Presence of all accounts; not kept over a restart, clients announce it anew.
#[derive(Default)]
pub(crate) struct PresenceBoard {
    accounts: Mutex<HashMap<u64, Watched>>,
}

#[derive(Default)]
struct Watched {
    available: HashSet<u16>,
    last_seen: Option<u64>,
    /// Subscribers and the addressing they subscribed in.
    watchers: HashMap<DeviceKey, Server>,
}

impl Watched {
    fn stanza(&self, from: Jid) -> Node {
        let node = NodeBuilder::new("presence").attr("from", from);
        if !self.available.is_empty() {
            return node.build();
        }
        let node = node.attr("type", "unavailable");
        match self.last_seen {
            Some(at) => node.attr("last", at).build(),
            None => node.attr("last", "deny").build(),
        }
    }
}

impl PresenceBoard {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Watched>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a device at `now` (unix seconds); returns what subscribers are told, when anything has changed for them.
    fn mark(&self, now: u64, account: &Account, device: u16, available: bool) -> Vec<(DeviceKey, Node)> {
        let mut accounts = self.lock();
        let watched = accounts.entry(account.pn).or_default();
        let before = !watched.available.is_empty();
        if available {
            watched.available.insert(device);
        } else if watched.available.remove(&device) {
            watched.last_seen = Some(now);
        }
        if before != watched.available.is_empty() {
            return Vec::new();
        }
        let tell = watched.watchers.iter();
        tell.map(|(key, server)| (*key, watched.stanza(account.jid(*server, 0)))).collect()
    }

    /// Adds a subscriber and returns the state to tell it, when the account is online.
    fn watch(&self, account: &Account, by: DeviceKey, server: Server) -> Option<Node> {
        let mut accounts = self.lock();
        let watched = accounts.entry(account.pn).or_default();
        watched.watchers.insert(by, server);
        (!watched.available.is_empty()).then(|| watched.stanza(account.jid(server, 0)))
    }

    fn unwatch(&self, account: u64, by: DeviceKey) {
        if let Some(watched) = self.lock().get_mut(&account) {
            watched.watchers.remove(&by);
        }
    }

    fn forget_watcher(&self, by: DeviceKey) {
        for watched in self.lock().values_mut() {
            watched.watchers.remove(&by);
        }
    }
}

impl Core {
    /// Sends to a device that is connected and takes live stanzas; drops it otherwise.
    pub(crate) fn send_live(&self, device: DeviceKey, stanza: Node) {
        if self.live.takes(device)
            && let Some(conn) = self.live.conn(device)
        {
            conn.send(stanza);
        }
    }

    /// A device is online or offline from its user's point of view.
    pub(crate) fn mark_presence(&self, origin: &Origin, available: bool) {
        let now = self.clock.unix_secs();
        for (device, stanza) in self.presence.mark(now, &origin.account, origin.device, available) {
            self.send_live(device, stanza);
        }
    }

    /// A device wants to know an account's presence.
    pub(crate) async fn watch_presence(&self, origin: &Origin, of: &Jid) -> Result<()> {
        let Some(account) = self.user(of).await? else { return Ok(()) };
        if account.blocks(origin.account.pn) {
            return Ok(());
        }
        if let Some(stanza) = self.presence.watch(&account, origin.key(), of.server) {
            self.send_live(origin.key(), stanza);
        }
        Ok(())
    }

    /// The end of [`Core::watch_presence`].
    pub(crate) async fn unwatch_presence(&self, origin: &Origin, of: &Jid) -> Result<()> {
        if let Some(account) = self.user(of).await? {
            self.presence.unwatch(account.pn, origin.key());
        }
        Ok(())
    }

    /// A device's connection has ended: it is unavailable and its subscriptions end.
    pub(crate) fn presence_lost(&self, origin: &Origin) {
        self.mark_presence(origin, false);
        self.presence.forget_watcher(origin.key());
    }
}

/// Keeps the name a client announces with its presence.
pub(crate) async fn keep_push_name(core: &Core, origin: &Origin, name: String) -> Result<()> {
    let Some(device) = origin.account.device(origin.device) else { return Ok(()) };
    if device.push_name.as_deref() == Some(name.as_str()) {
        return Ok(());
    }
    core.change_device(&origin.account, origin.device, |device| device.push_name = Some(name)).await?;
    Ok(())
}
