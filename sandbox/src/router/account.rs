//! An account in memory: addresses, companions, contacts.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use wacore_binary::{Jid, Server};

use crate::ports::{AccountInfo, Companion};
use crate::state::{AccountRow, DeviceKey, DeviceRow};

/// An account with its companions.
pub(crate) struct Account {
    pub(crate) pn: u64,
    pub(crate) info: AccountInfo,
    pub(super) state: RwLock<AccountState>,
    /// Held while a change is made and stored, so that changes reach the file in order.
    pub(super) changes: tokio::sync::Mutex<()>,
}

pub(super) struct AccountState {
    pub(super) row: AccountRow,
    pub(super) devices: BTreeMap<u16, Arc<DeviceRow>>,
    pub(super) contacts: HashSet<u64>,
    pub(super) blocked: HashSet<u64>,
    pub(super) key_list: Option<(u64, Bytes)>,
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

    /// Accounts it has exchanged messages with.
    pub(crate) fn contacts(&self) -> Vec<u64> {
        self.read(|state| state.contacts.iter().copied().collect())
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

    /// Profile text, if one was set.
    pub(crate) fn about(&self) -> Option<String> {
        self.read(|state| state.row.about.clone())
    }

    /// Unix time of the last change to the device list and the highest key index ever given.
    pub(crate) fn list_version(&self) -> (u64, u32) {
        self.read(|state| (state.row.list_changed, state.row.last_key_index))
    }
}

impl AccountState {
    /// Marks the device list as changed at `now` (unix seconds); its time always moves forward.
    pub(super) fn touch_list(&mut self, now: u64) -> AccountRow {
        self.row.list_changed = now.max(self.row.list_changed + 1);
        self.key_list = None;
        self.row.clone()
    }
}
