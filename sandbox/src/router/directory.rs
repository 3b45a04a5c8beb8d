//! Accounts in memory: who a JID names, and what is known of them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use wacore_binary::{Jid, Server};

use crate::clock::unix_secs;
use crate::core::Core;
use crate::ports::{AccountInfo, Companion, PortError, PortResult};
use crate::state::{AccountRow, DeviceKey, DeviceRow};

/// Phone numbers have 5 to 15 digits (E.164) and no leading zero.
const PN_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;

/// An account with its companions.
pub(crate) struct Account {
    pub(crate) pn: u64,
    pub(crate) info: AccountInfo,
    state: RwLock<AccountState>,
    /// Held while a change is made and stored, so that changes reach the file in order.
    changes: tokio::sync::Mutex<()>,
}

struct AccountState {
    row: AccountRow,
    devices: BTreeMap<u16, Arc<DeviceRow>>,
    contacts: HashSet<u64>,
    blocked: HashSet<u64>,
    key_list: Option<(u64, Bytes)>,
}

/// Accounts that were used since the start.
#[derive(Default)]
pub(crate) struct Directory {
    by_pn: RwLock<HashMap<u64, Arc<Account>>>,
    by_lid: RwLock<HashMap<String, u64>>,
}

impl Directory {
    fn by_pn(&self, pn: u64) -> Option<Arc<Account>> {
        self.by_pn.read().unwrap_or_else(PoisonError::into_inner).get(&pn).cloned()
    }

    fn by_lid(&self, lid: &str) -> Option<Arc<Account>> {
        let pn = *self.by_lid.read().unwrap_or_else(PoisonError::into_inner).get(lid)?;
        self.by_pn(pn)
    }

    /// Keeps the first of two copies loaded at the same time.
    fn keep(&self, account: Account) -> Arc<Account> {
        let mut by_pn = self.by_pn.write().unwrap_or_else(PoisonError::into_inner);
        let account = Arc::clone(by_pn.entry(account.pn).or_insert_with(|| Arc::new(account)));
        self.by_lid
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(account.info.lid.clone(), account.pn);
        account
    }
}

impl Core {
    /// The account behind a user JID. With numbers on demand a plausible phone number that
    /// nobody has yet gets a phone; `Ok(None)` means there is no such user.
    pub(crate) async fn user(&self, jid: &Jid) -> PortResult<Option<Arc<Account>>> {
        match jid.server {
            Server::Lid | Server::HostedLid => self.find(jid.user_base()).await,
            Server::Pn | Server::Hosted | Server::Legacy => self.number(jid.user_base()).await,
            _ => Ok(None),
        }
    }

    /// The account of a phone number, made when numbers are made on demand. Some clients write
    /// LID digits in front of the phone number server, so a known LID counts as well.
    async fn number(&self, digits: &str) -> PortResult<Option<Arc<Account>>> {
        if let Some(known) = self.find(digits).await? {
            return Ok(Some(known));
        }
        if !self.config.on_demand || !plausible(digits) {
            return Ok(None);
        }
        match self.phones()?.ensure(digits, None).await {
            Ok(info) => self.load(info).await.map(Some),
            Err(PortError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An account that exists already, by the digits of its phone number or LID.
    pub(crate) async fn find(&self, digits: &str) -> PortResult<Option<Arc<Account>>> {
        let known = digits.parse().ok().and_then(|pn| self.directory.by_pn(pn));
        if let Some(account) = known.or_else(|| self.directory.by_lid(digits)) {
            return Ok(Some(account));
        }
        match self.phones()?.find(digits).await? {
            Some(info) => self.load(info).await.map(Some),
            None => Ok(None),
        }
    }

    /// The account of a phone number, made when it does not exist, whatever the configuration.
    pub(crate) async fn make(&self, pn: &str) -> PortResult<Arc<Account>> {
        if let Some(account) = self.find(pn).await? {
            return Ok(account);
        }
        if !plausible(pn) {
            return Err(PortError::Refused(format!("{pn} is not a phone number")));
        }
        let info = self.phones()?.ensure(pn, None).await?;
        self.load(info).await
    }

    /// An account this process has used, by phone number.
    pub(crate) async fn by_number(&self, pn: u64) -> PortResult<Option<Arc<Account>>> {
        match self.directory.by_pn(pn) {
            Some(account) => Ok(Some(account)),
            None => self.find(&pn.to_string()).await,
        }
    }

    async fn load(&self, info: AccountInfo) -> PortResult<Arc<Account>> {
        let pn: u64 = info
            .pn
            .parse()
            .map_err(|_| PortError::Internal(anyhow::anyhow!("phone number {} is not digits", info.pn)))?;
        let state = AccountState {
            row: self.state.load_account(pn).await?,
            devices: self
                .state
                .load_devices(pn)
                .await?
                .into_iter()
                .map(|device| (device.device, Arc::new(device)))
                .collect(),
            contacts: self.state.contacts(pn).await?.into_iter().collect(),
            blocked: self.state.blocked(pn).await?.into_iter().collect(),
            key_list: None,
        };
        Ok(self.directory.keep(Account {
            pn,
            info,
            state: RwLock::new(state),
            changes: tokio::sync::Mutex::new(()),
        }))
    }
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

    fn read<T>(&self, look: impl FnOnce(&AccountState) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut AccountState) -> T) -> T {
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

impl Core {
    /// Takes the next device id and key index; neither is ever given twice.
    pub(crate) async fn allot_slot(&self, account: &Account) -> PortResult<Companion> {
        let _order = account.changes.lock().await;
        let row = account.write(|state| {
            state.row.last_device += 1;
            state.row.last_key_index += 1;
            state.row.clone()
        });
        let slot = Companion { device: row.last_device, key_index: row.last_key_index };
        self.state.save_account(account.pn, row).await?;
        Ok(slot)
    }

    /// Stores a companion, new or changed. A new one changes the device list.
    pub(crate) async fn put_device(&self, account: &Account, device: DeviceRow) -> PortResult<()> {
        let _order = account.changes.lock().await;
        self.state.save_device(account.pn, device.clone()).await?;
        let row = account.write(|state| {
            let id = device.device;
            let known = state.devices.insert(id, Arc::new(device)).is_some();
            (!known).then(|| state.touch_list())
        });
        if let Some(row) = row {
            self.state.save_account(account.pn, row).await?;
        }
        Ok(())
    }

    /// Removes a companion; `false` when it was not linked.
    pub(crate) async fn drop_device(&self, account: &Account, device: u16) -> PortResult<bool> {
        let _order = account.changes.lock().await;
        let row = account.write(|state| state.devices.remove(&device).map(|_| state.touch_list()));
        let Some(row) = row else { return Ok(false) };
        self.state.save_account(account.pn, row).await?;
        self.state.delete_device(account.key(device)).await?;
        Ok(true)
    }

    /// Remembers that two accounts write to each other.
    pub(crate) async fn acquaint(&self, a: &Account, b: &Account) -> PortResult<()> {
        if a.pn == b.pn || a.read(|state| state.contacts.contains(&b.pn)) {
            return Ok(());
        }
        self.state.save_contact(a.pn, b.pn).await?;
        a.write(|state| state.contacts.insert(b.pn));
        b.write(|state| state.contacts.insert(a.pn));
        Ok(())
    }

    /// Blocks or unblocks.
    pub(crate) async fn block(&self, account: &Account, peer: u64, blocked: bool) -> PortResult<()> {
        let _order = account.changes.lock().await;
        self.state.set_blocked(account.pn, peer, blocked).await?;
        account.write(|state| {
            if blocked {
                state.blocked.insert(peer);
            } else {
                state.blocked.remove(&peer);
            }
        });
        Ok(())
    }

    /// Sets the profile text.
    pub(crate) async fn set_about(&self, account: &Account, about: String) -> PortResult<()> {
        let _order = account.changes.lock().await;
        let row = account.write(|state| {
            state.row.about = Some(about);
            state.row.clone()
        });
        self.state.save_account(account.pn, row).await?;
        Ok(())
    }

    /// The signed key index list, signed anew only when the device list has changed.
    pub(crate) async fn key_index_list(&self, account: &Account) -> PortResult<(u64, Bytes)> {
        let (changed, current) = account.list_version();
        let cached = account.read(|state| state.key_list.clone());
        if let Some((ts, list)) = cached
            && ts == changed
        {
            return Ok((ts, list));
        }
        let valid: Vec<u32> = account.companions().iter().map(|c| c.key_index).collect();
        let list = self
            .phones()?
            .sign_key_index_list(&account.info.pn, changed, current, &valid)
            .await?;
        account.write(|state| state.key_list = Some((changed, list.clone())));
        Ok((changed, list))
    }
}

impl AccountState {
    /// Marks the device list as changed; its time always moves forward.
    fn touch_list(&mut self) -> AccountRow {
        self.row.list_changed = unix_secs().max(self.row.list_changed + 1);
        self.key_list = None;
        self.row.clone()
    }
}

fn plausible(digits: &str) -> bool {
    PN_DIGITS.contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_phone_numbers_are_plausible() {
        for good in ["49151", "4915112345678", "999999999999999"] {
            assert!(plausible(good), "{good}");
        }
        for bad in ["", "0", "0123456", "1234", "1234567890123456", "12345x", "status"] {
            assert!(!plausible(bad), "{bad}");
        }
    }
}
