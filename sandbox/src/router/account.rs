//! An account in memory: addresses, companions, contacts.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use wacore_binary::{Jid, Server};

use crate::options::AccountOptions;
use crate::ports::{AccountInfo, Companion};
use crate::state::{AccountRow, DeviceKey, DeviceRow, PrivacyRow, ProfileRow};

/// Both addresses of an account, digits only; a change of number makes another account of it.
pub(crate) struct Numbers {
    pub(crate) pn: String,
    pub(crate) lid: String,
}

/// An account with its companions.
pub(crate) struct Account {
    pub(crate) pn: u64,
    pub(crate) info: Numbers,
    pub(super) state: RwLock<AccountState>,
    /// Held while a change is made and stored, so that changes reach the file in order.
    pub(super) changes: tokio::sync::Mutex<()>,
}

pub(super) struct AccountState {
    pub(super) row: AccountRow,
    pub(super) devices: BTreeMap<u16, Arc<DeviceRow>>,
    /// Whom it has written to or saved.
    pub(super) contacts: HashSet<u64>,
    /// Who has written to it or saved it.
    pub(super) known_by: HashSet<u64>,
    pub(super) blocked: HashSet<u64>,
    pub(super) key_list: Option<(u64, Bytes)>,
    /// Name, keys: as its phone has them.
    pub(super) phone: AccountInfo,
    /// False for a number that its phone has taken off the network.
    pub(super) listed: bool,
    pub(super) profile: ProfileRow,
    /// What it has changed, by category.
    pub(super) privacy: BTreeMap<String, PrivacyRow>,
    pub(super) options: Arc<AccountOptions>,
}

impl Account {
    /// Address of a device in the addressing of `server` (LID family or phone number).
    pub(crate) fn jid(&self, server: Server, device: u16) -> Jid {
        if server.is_lid_family() {
            Jid::lid_device(self.info.lid.as_str(), device)
        } else {
            Jid::pn_device(self.info.pn.as_str(), device)
        }
    }

    /// Whether an address is this account's. Some clients write LID digits in front of the phone
    /// number server.
    pub(crate) fn is_named(&self, jid: &Jid) -> bool {
        let Numbers { pn, lid } = &self.info;
        let user = jid.user_base();
        match jid.server {
            Server::Lid | Server::HostedLid => user == lid,
            Server::Pn | Server::Hosted | Server::Legacy => user == pn || user == lid,
            _ => false,
        }
    }

    /// Phone number address.
    pub(crate) fn pn_jid(&self, device: u16) -> Jid {
        self.jid(Server::Pn, device)
    }

    /// LID address.
    pub(crate) fn lid_jid(&self, device: u16) -> Jid {
        self.jid(Server::Lid, device)
    }

    /// Queue key of a device.
    pub(crate) fn key(&self, device: u16) -> DeviceKey {
        DeviceKey { pn: self.pn, device }
    }

    /// Queue keys of all its devices, the phone first.
    pub(crate) fn keys(&self) -> Vec<DeviceKey> {
        self.devices().into_iter().map(|device| self.key(device)).collect()
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&AccountState) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn write<T>(&self, change: impl FnOnce(&mut AccountState) -> T) -> T {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// A companion.
    pub(crate) fn device(&self, device: u16) -> Option<Arc<DeviceRow>> {
        self.read(|state| state.devices.get(&device).cloned())
    }

    /// Whether a device id is the phone or a linked companion.
    pub(crate) fn has(&self, device: u16) -> bool {
        device == 0 || self.read(|state| state.devices.contains_key(&device))
    }

    /// Device ids, the phone first.
    pub(crate) fn devices(&self) -> Vec<u16> {
        self.read(|state| std::iter::once(0).chain(state.devices.keys().copied()).collect())
    }

    /// Linked companions.
    pub(crate) fn companions(&self) -> Vec<Companion> {
        self.read(|state| {
            let companions = state.devices.values();
            companions.map(|d| Companion { device: d.device, key_index: d.key_index }).collect()
        })
    }

    /// Accounts it has exchanged messages with, or one has saved the other.
    pub(crate) fn acquaintances(&self) -> Vec<u64> {
        self.read(|state| state.contacts.union(&state.known_by).copied().collect())
    }

    /// Whether it has written to another account or saved it. What the real network takes from
    /// address books, this one takes from that: our own model.
    pub(crate) fn has_contact(&self, peer: u64) -> bool {
        self.read(|state| state.contacts.contains(&peer))
    }

    /// Lists it, or takes it off the network.
    pub(super) fn list(&self, listed: bool) {
        self.write(|state| state.listed = listed);
    }

    /// Whether others can find it.
    pub(super) fn is_listed(&self) -> bool {
        self.read(|state| state.listed)
    }

    /// Whether it has exchanged messages with another account, or one has saved the other.
    pub(crate) fn is_acquainted(&self, peer: u64) -> bool {
        self.read(|state| state.contacts.contains(&peer) || state.known_by.contains(&peer))
    }

    /// Whether it has blocked another account.
    pub(crate) fn blocks(&self, peer: u64) -> bool {
        self.read(|state| state.blocked.contains(&peer))
    }

    /// Accounts it has blocked.
    pub(crate) fn blocked(&self) -> Vec<u64> {
        self.read(|state| {
            let mut blocked: Vec<u64> = state.blocked.iter().copied().collect();
            blocked.sort_unstable();
            blocked
        })
    }

    /// What it shows of itself.
    pub(crate) fn profile(&self) -> ProfileRow {
        self.read(|state| state.profile.clone())
    }

    /// What whoever runs the network has decided about it.
    pub(crate) fn options(&self) -> Arc<AccountOptions> {
        self.read(|state| Arc::clone(&state.options))
    }

    /// Its last device has gone, at this unix time.
    pub(super) fn went_away(&self, now: u64) {
        self.write(|state| state.profile.last_seen = Some(now));
    }

    /// Name, identity and numbers as its phone has them.
    pub(crate) fn phone(&self) -> AccountInfo {
        self.read(|state| state.phone.clone())
    }

    /// Takes a new name; `false` when it is called so already.
    pub(super) fn rename(&self, name: &str) -> bool {
        self.write(|state| {
            let new = state.phone.push_name != name;
            if new {
                name.clone_into(&mut state.phone.push_name);
            }
            new
        })
    }

    /// Unix time of the last change to the device list and the highest key index ever given.
    pub(crate) fn list_version(&self) -> (u64, u32) {
        self.read(|state| (state.row.list_changed, state.row.last_key_index))
    }
}

impl AccountState {
    /// Another account has another number.
    pub(super) fn renumber(&mut self, old: u64, new: u64) {
        for peers in [&mut self.contacts, &mut self.known_by, &mut self.blocked] {
            if peers.remove(&old) {
                peers.insert(new);
            }
        }
        for setting in self.privacy.values_mut() {
            if setting.except.remove(&old) {
                setting.except.insert(new);
            }
        }
    }

    /// Marks the device list as changed at `now` (unix seconds); its time always moves forward.
    pub(super) fn touch_list(&mut self, now: u64) -> AccountRow {
        self.row.list_changed = now.max(self.row.list_changed + 1);
        self.key_list = None;
        self.row.clone()
    }
}

#[cfg(test)]
impl Account {
    /// An account nobody knows, for tests of rules.
    pub(super) fn bare(pn: u64) -> Self {
        let digits = pn.to_string();
        let phone = AccountInfo {
            pn: digits.clone(),
            lid: digits.clone(),
            push_name: String::new(),
            identity: [0; 32],
            adv_raw_id: 1,
        };
        let state = AccountState {
            row: AccountRow::default(),
            devices: BTreeMap::new(),
            contacts: HashSet::new(),
            known_by: HashSet::new(),
            blocked: HashSet::new(),
            key_list: None,
            phone,
            listed: true,
            profile: ProfileRow::default(),
            privacy: BTreeMap::new(),
            options: Arc::default(),
        };
        Self {
            pn,
            info: Numbers { pn: digits.clone(), lid: digits },
            state: RwLock::new(state),
            changes: tokio::sync::Mutex::new(()),
        }
    }
}
