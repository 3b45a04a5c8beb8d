//! Who is online, who wants to know, and what each of them may see.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use super::account::Account;
use super::exchange::Origin;
use super::privacy::Category;
use crate::core::Core;
use crate::state::DeviceKey;

/// Presence of all accounts; not kept over a restart, clients announce it anew.
#[derive(Default)]
pub(crate) struct PresenceBoard(Mutex<Board>);

#[derive(Default)]
struct Board {
    /// Accounts that are online or watched.
    accounts: HashMap<u64, Watched>,
    /// Whom each watcher watches: the end of a connection must not look at every account.
    watching: HashMap<DeviceKey, HashSet<u64>>,
}

#[derive(Default)]
struct Watched {
    available: HashSet<u16>,
    watchers: HashMap<DeviceKey, Watcher>,
}

/// A device that wants to know.
struct Watcher {
    account: Arc<Account>,
    /// The addressing it subscribed in.
    server: Server,
    /// Whether it has shown a token of the watched account.
    trusted: bool,
    /// What it was told last.
    shown: Option<View>,
}

/// What a watcher sees of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Online,
    /// Away since this unix time.
    LastSeen(u64),
    /// Away, or not to be known.
    Hidden,
}

impl View {
    /// `None` when there is nothing to tell: the account has never been online.
    fn of(watched: &Account, online: bool, watcher: &Watcher) -> Option<Self> {
        let viewer = &watcher.account;
        // Who hides this from others does not see it of them, either.
        let mutual = |category| {
            watched.permits(category, viewer.pn, watcher.trusted)
                && viewer.permits(category, watched.pn, false)
        };
        if online && mutual(Category::Online) {
            return Some(Self::Online);
        }
        let last_seen = watched.profile().last_seen;
        if !mutual(Category::LastSeen) {
            return Some(Self::Hidden);
        }
        match last_seen {
            Some(at) => Some(Self::LastSeen(at)),
            None => online.then_some(Self::Hidden),
        }
    }

    fn stanza(self, from: Jid) -> Node {
        let node = NodeBuilder::new("presence").attr("from", from);
        match self {
            Self::Online => node.build(),
            Self::LastSeen(at) => node.attr("type", "unavailable").attr("last", at).build(),
            Self::Hidden => node.attr("type", "unavailable").attr("last", "deny").build(),
        }
    }
}

impl Watched {
    /// What watchers are told, where it differs from what they know.
    fn news(&mut self, account: &Account) -> Vec<(DeviceKey, Node)> {
        let online = !self.available.is_empty();
        let mut news = Vec::new();
        for (key, watcher) in &mut self.watchers {
            let view = View::of(account, online, watcher);
            if view != watcher.shown {
                watcher.shown = view;
                news.extend(view.map(|view| (*key, view.stanza(account.jid(watcher.server, 0)))));
            }
        }
        news
    }
}

impl Board {
    fn unwatch(&mut self, account: u64, by: DeviceKey) {
        if let Some(watching) = self.watching.get_mut(&by) {
            watching.remove(&account);
        }
        if let Some(watched) = self.accounts.get_mut(&account) {
            watched.watchers.remove(&by);
        }
        self.tidy(account);
    }

    fn forget_watcher(&mut self, by: DeviceKey) {
        for account in self.watching.remove(&by).unwrap_or_default() {
            self.unwatch(account, by);
        }
    }

    /// An account that is neither online nor watched needs no place.
    fn tidy(&mut self, account: u64) {
        let idle = |watched: &Watched| watched.available.is_empty() && watched.watchers.is_empty();
        if self.accounts.get(&account).is_some_and(idle) {
            self.accounts.remove(&account);
        }
    }
}

impl PresenceBoard {
    fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a device; returns whether its account has come or gone by that.
    fn mark(&self, device: DeviceKey, available: bool) -> bool {
        let mut board = self.lock();
        let watched = board.accounts.entry(device.pn).or_default();
        let before = watched.available.is_empty();
        if available {
            watched.available.insert(device.device);
        } else {
            watched.available.remove(&device.device);
        }
        let changed = before != watched.available.is_empty();
        board.tidy(device.pn);
        changed
    }

    fn news(&self, account: &Account) -> Vec<(DeviceKey, Node)> {
        self.lock().accounts.get_mut(&account.pn).map(|watched| watched.news(account)).unwrap_or_default()
    }

    /// Adds a watcher and returns what it sees at once.
    fn watch(&self, account: &Account, by: DeviceKey, mut watcher: Watcher) -> Option<Node> {
        let mut board = self.lock();
        board.watching.entry(by).or_default().insert(account.pn);
        let watched = board.accounts.entry(account.pn).or_default();
        let view = View::of(account, !watched.available.is_empty(), &watcher);
        let stanza = view.map(|view| view.stanza(account.jid(watcher.server, 0)));
        watcher.shown = view;
        watched.watchers.insert(by, watcher);
        stanza
    }

    fn unwatch(&self, account: u64, by: DeviceKey) {
        self.lock().unwatch(account, by);
    }

    /// An account is not there any more under this number.
    pub(super) fn forget(&self, pn: u64) {
        let mut board = self.lock();
        let watchers = board.accounts.remove(&pn).unwrap_or_default().watchers.into_keys();
        for by in watchers {
            board.unwatch(pn, by);
        }
        let own: Vec<DeviceKey> = board.watching.keys().filter(|device| device.pn == pn).copied().collect();
        for by in own {
            board.forget_watcher(by);
        }
    }

    fn forget_watcher(&self, by: DeviceKey) {
        self.lock().forget_watcher(by);
    }
}

impl Core {
    /// Sends to a device that is there now; what is not worth keeping is sent so. A phone is
    /// always there.
    pub(crate) fn send_live(&self, device: DeviceKey, stanza: Node) {
        if device.is_phone() {
            if let Ok(phones) = self.phones() {
                phones.observe(&device.pn.to_string(), &stanza);
            }
        } else if self.live.takes(device)
            && let Some(conn) = self.live.conn(device).filter(|conn| conn.has_room())
        {
            conn.send(stanza);
        }
    }

    /// A device is online or offline from its user's point of view.
    pub(crate) fn mark_presence(self: &Arc<Self>, origin: &Origin, available: bool) {
        if !self.presence.mark(origin.key(), available) {
            return;
        }
        if !available {
            origin.account.went_away(self.clock.unix_secs());
            let (core, account) = (Arc::clone(self), Arc::clone(&origin.account));
            self.tasks.spawn(async move {
                // Keeps what has changed in memory already.
                if let Err(error) = core.change_profile(&account, |_| {}).await {
                    tracing::error!(pn = account.pn, %error, "last seen cannot be kept");
                }
            });
        }
        self.show_presence_anew(&origin.account);
    }

    /// Tells watchers of an account what they do not know yet, or may not know any more.
    pub(crate) fn show_presence_anew(&self, account: &Account) {
        for (device, stanza) in self.presence.news(account) {
            self.send_live(device, stanza);
        }
    }

    /// A device wants to know an account's presence; it is told at once.
    pub(crate) async fn watch_presence(&self, origin: &Origin, of: &Jid, request: &Node) -> Result<()> {
        let Some(account) = self.user(of).await? else { return Ok(()) };
        let watcher = Watcher {
            account: Arc::clone(&origin.account),
            server: of.server,
            trusted: self.shows_token(request, &account, &origin.account).await?,
            shown: None,
        };
        if let Some(stanza) = self.presence.watch(&account, origin.key(), watcher) {
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
    pub(crate) fn presence_lost(self: &Arc<Self>, origin: &Origin) {
        self.presence.forget_watcher(origin.key());
        self.mark_presence(origin, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_accounts_that_nobody_watches() {
        let board = PresenceBoard::default();
        let (a, b) = (Arc::new(Account::bare(1)), Arc::new(Account::bare(2)));
        let watcher = || Watcher { account: Arc::clone(&b), server: Server::Pn, trusted: false, shown: None };
        board.mark(a.key(1), true);
        board.watch(&a, b.key(1), watcher());
        board.watch(&a, b.key(2), watcher());
        board.watch(&b, a.key(1), watcher());
        board.unwatch(1, b.key(2));
        board.forget_watcher(b.key(1));
        assert_eq!(board.lock().accounts.get(&1).map(|watched| watched.watchers.len()), Some(0));
        assert!(board.mark(a.key(1), false));
        assert!(!board.mark(a.key(1), false), "is gone already");
        board.forget(1);
        let board = board.lock();
        assert!(board.accounts.is_empty(), "{:?}", board.accounts.keys());
        assert!(board.watching.values().all(HashSet::is_empty));
    }
}
