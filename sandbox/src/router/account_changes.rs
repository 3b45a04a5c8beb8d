//! Changes to an account: made in memory and on disk in the same order.

use std::sync::Arc;

use bytes::Bytes;

use super::account::Account;
use super::exchange::Origin;
use super::privacy::Category;
use crate::core::Core;
use crate::options::AccountOptions;
use crate::ports::{AccountInfo, Companion, PortResult};
use crate::state::{DeviceRow, PrivacyRow, ProfileRow};

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

    /// Stores a companion that was just linked.
    pub(crate) async fn add_device(&self, account: &Account, device: DeviceRow) -> PortResult<()> {
        let _order = account.changes.lock().await;
        self.state.save_device(account.pn, device.clone()).await?;
        let now = self.clock.unix_secs();
        let row = account.write(|state| {
            state.devices.insert(device.device, Arc::new(device));
            state.touch_list(now)
        });
        self.state.save_account(account.pn, row).await?;
        Ok(())
    }

    /// Changes a companion and returns whether it is still linked: a change that was under way
    /// when the companion was unlinked must not bring it back.
    pub(crate) async fn change_device(
        &self,
        account: &Account,
        device: u16,
        change: impl FnOnce(&mut DeviceRow),
    ) -> PortResult<bool> {
        let _order = account.changes.lock().await;
        let Some(known) = account.device(device) else { return Ok(false) };
        let mut changed = Arc::unwrap_or_clone(known);
        change(&mut changed);
        self.state.save_device(account.pn, changed.clone()).await?;
        account.write(|state| state.devices.insert(device, Arc::new(changed)));
        Ok(true)
    }

    /// Removes a companion; `false` when it was not linked.
    pub(crate) async fn drop_device(&self, account: &Account, device: u16) -> PortResult<bool> {
        let _order = account.changes.lock().await;
        let now = self.clock.unix_secs();
        let row = account.write(|state| state.devices.remove(&device).map(|_| state.touch_list(now)));
        let Some(row) = row else { return Ok(false) };
        self.state.save_account(account.pn, row).await?;
        self.state.delete_device(account.key(device)).await?;
        Ok(true)
    }

    /// The account's phone has other keys: its device list is signed anew.
    pub(super) async fn replace_phone(&self, account: &Account, phone: AccountInfo) -> PortResult<()> {
        let _order = account.changes.lock().await;
        let now = self.clock.unix_secs();
        let row = account.write(|state| {
            state.phone = phone;
            state.touch_list(now)
        });
        self.state.save_account(account.pn, row).await?;
        Ok(())
    }

    /// Remembers that an account has written to another one or saved it.
    pub(crate) async fn acquaint(&self, account: &Account, peer: &Account) -> PortResult<()> {
        if account.pn == peer.pn || account.has_contact(peer.pn) {
            return Ok(());
        }
        self.state.save_contact(account.pn, peer.pn).await?;
        account.write(|state| state.contacts.insert(peer.pn));
        peer.write(|state| state.known_by.insert(account.pn));
        Ok(())
    }

    /// Keeps whether an account has blocked another one.
    pub(super) async fn change_blocked(&self, account: &Account, peer: u64, blocked: bool) -> PortResult<()> {
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

    /// Changes what an account shows of itself.
    pub(crate) async fn change_profile(
        &self,
        account: &Account,
        change: impl FnOnce(&mut ProfileRow),
    ) -> PortResult<()> {
        let _order = account.changes.lock().await;
        let profile = account.write(|state| {
            change(&mut state.profile);
            state.profile.clone()
        });
        self.state.save_profile(account.pn, profile).await?;
        Ok(())
    }

    /// Keeps what whoever runs the network has decided about an account.
    pub(crate) async fn set_options(&self, account: &Account, options: AccountOptions) -> PortResult<()> {
        let _order = account.changes.lock().await;
        self.state.save_options(account.pn, &options).await?;
        account.write(|state| state.options = Arc::new(options));
        Ok(())
    }

    /// Changes one privacy setting and returns it.
    pub(crate) async fn set_privacy(
        &self,
        origin: &Origin,
        category: Category,
        change: impl FnOnce(&mut PrivacyRow),
    ) -> PortResult<PrivacyRow> {
        let account = &origin.account;
        let _order = account.changes.lock().await;
        let mut setting = account.setting(category);
        change(&mut setting);
        self.state.save_privacy(account.pn, category.name(), setting.clone()).await?;
        account.write(|state| state.privacy.insert(category.name().to_owned(), setting.clone()));
        self.show_presence_anew(account);
        Ok(setting)
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
        let list = self.phones()?.sign_key_index_list(&account.info.pn, changed, current, &valid).await?;
        account.write(|state| state.key_list = Some((changed, list.clone())));
        Ok((changed, list))
    }
}
