//! Who a JID names.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use wacore_binary::{Jid, Server};

use super::account::{Account, AccountState, Numbers};
use crate::core::Core;
use crate::ports::{AccountInfo, PortError, PortResult};

/// Phone numbers have 5 to 15 digits (E.164) and no leading zero.
const PN_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;

/// Accounts that were used since the start.
#[derive(Default)]
pub(crate) struct Directory {
    by_pn: RwLock<HashMap<u64, Arc<Account>>>,
    by_lid: RwLock<HashMap<String, u64>>,
}

impl Directory {
    /// An account that is loaded.
    pub(crate) fn by_pn(&self, pn: u64) -> Option<Arc<Account>> {
        self.by_pn.read().unwrap_or_else(PoisonError::into_inner).get(&pn).cloned()
    }

    fn by_lid(&self, lid: &str) -> Option<Arc<Account>> {
        let pn = *self.by_lid.read().unwrap_or_else(PoisonError::into_inner).get(lid)?;
        self.by_pn(pn)
    }

    /// An account has another number: it is loaded anew when it is used next, and those who know
    /// it know it by that.
    pub(super) fn renumber(&self, old: u64, new: u64) {
        let mut by_pn = self.by_pn.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = by_pn.remove(&old) {
            self.by_lid.write().unwrap_or_else(PoisonError::into_inner).remove(&account.info.lid);
        }
        for account in by_pn.values() {
            account.write(|state| state.renumber(old, new));
        }
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
        if self.phones()?.population() >= self.config.max_phones {
            tracing::warn!(digits, "no phone on demand: there are as many as there may be");
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
            return Ok(account.is_listed().then_some(account));
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
            Some(account) => Ok(account.is_listed().then_some(account)),
            None => self.find(&pn.to_string()).await,
        }
    }

    async fn load(&self, info: AccountInfo) -> PortResult<Arc<Account>> {
        let pn: u64 = info
            .pn
            .parse()
            .map_err(|_| PortError::Internal(anyhow::anyhow!("phone number {} is not digits", info.pn)))?;
        let (contacts, known_by) = self.state.contacts(pn).await?;
        let numbers = Numbers { pn: info.pn.clone(), lid: info.lid.clone() };
        let state = AccountState {
            row: self.state.load_account(pn).await?,
            devices: self
                .state
                .load_devices(pn)
                .await?
                .into_iter()
                .map(|device| (device.device, Arc::new(device)))
                .collect(),
            contacts: contacts.into_iter().collect(),
            known_by: known_by.into_iter().collect(),
            blocked: self.state.blocked(pn).await?.into_iter().collect(),
            key_list: None,
            phone: info,
            listed: true,
            profile: self.state.load_profile(pn).await?,
            privacy: self.state.load_privacy(pn).await?,
            options: Arc::new(self.state.load_options(pn).await?),
        };
        Ok(self.directory.keep(Account {
            pn,
            info: numbers,
            state: RwLock::new(state),
            changes: tokio::sync::Mutex::new(()),
        }))
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
