//! Encrypting one message for every device that shall see it.

use wacore::messages::{MessageUtils, wrap_device_sent};
use wacore_binary::Jid;
use waproto::whatsapp as wa;

use super::super::account::Phone;
use super::super::address::DeviceAddress;
use super::super::signal::{Encrypted, Scratch};
use super::super::store::{NewMessage, save_changes};
use super::super::{Contact, Simulated};
use crate::ports::{KeyBundle, PortError, PortResult};

/// A device to encrypt for, and its bundle when there is no session yet.
pub(super) struct Target {
    pub(super) jid: Jid,
    pub(super) address: DeviceAddress,
    own: bool,
    bundle: Option<KeyBundle>,
}

impl Target {
    /// Starts a session when there is none; false when there can be none.
    pub(super) async fn ready(self, scratch: &mut Scratch) -> anyhow::Result<bool> {
        if scratch.has_session(&self.address) {
            return Ok(true);
        }
        let Some(bundle) = self.bundle else { return Ok(false) };
        scratch.start_session(&self.address, &bundle).await?;
        Ok(true)
    }
}

impl Simulated {
    /// The person behind a direct JID, as this side knows them.
    pub(in super::super) async fn contact(&self, jid: &Jid) -> PortResult<Contact> {
        self.account_or_stranger(&jid.user).await
    }

    /// Encrypts for all devices of `to` and for the account's own companions, and commits the
    /// ratchets together with the message.
    pub(super) async fn seal_for_all(
        &self,
        phone: &Phone,
        to: &Jid,
        message: &wa::Message,
        entry: &NewMessage,
    ) -> PortResult<Vec<(Jid, Encrypted)>> {
        let targets = self.direct_targets(phone, to).await?;
        let copy = wrap_device_sent(message.clone(), to.to_string());
        let (for_peer, for_own) =
            (MessageUtils::encode_and_pad(message), MessageUtils::encode_and_pad(&copy));

        let _ratchets = phone.signal.lock().await;
        let addresses: Vec<_> = targets.iter().map(|target| target.address.clone()).collect();
        let mut scratch = Scratch::new(&phone.keys);
        self.store.load_sessions(phone, &addresses, &mut scratch).await?;
        let mut sealed = Vec::with_capacity(targets.len());
        for target in targets {
            let plaintext = if target.own { &for_own } else { &for_peer };
            let (jid, address) = (target.jid.clone(), target.address.clone());
            if target.ready(&mut scratch).await? {
                sealed.push((jid, scratch.encrypt(&address, plaintext).await?));
            }
        }
        let changes = scratch.changes()?;
        let mut tx = self.store.begin().await?;
        save_changes(&mut tx, phone.pn(), &changes).await?;
        entry.store_sent(&mut tx, phone.pn()).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(sealed)
    }

    /// Encrypts for one device in a new session, and commits the ratchet.
    pub(in super::super) async fn seal_fresh(
        &self,
        phone: &Phone,
        device: &DeviceAddress,
        bundle: &KeyBundle,
        message: &wa::Message,
    ) -> anyhow::Result<Encrypted> {
        self.seal_one(phone, device, Some(bundle), message, None).await
    }

    /// Encrypts for one device, in a new session when a bundle is given.
    pub(super) async fn seal_one(
        &self,
        phone: &Phone,
        device: &DeviceAddress,
        bundle: Option<&KeyBundle>,
        message: &wa::Message,
        entry: Option<&NewMessage>,
    ) -> anyhow::Result<Encrypted> {
        let _ratchets = phone.signal.lock().await;
        let mut scratch = Scratch::new(&phone.keys);
        self.store.load_sessions(phone, std::slice::from_ref(device), &mut scratch).await?;
        if let Some(bundle) = bundle {
            scratch.start_session(device, bundle).await?;
        }
        let sealed = scratch.encrypt(device, &MessageUtils::encode_and_pad(message)).await?;
        let changes = scratch.changes()?;
        let mut tx = self.store.begin().await?;
        save_changes(&mut tx, phone.pn(), &changes).await?;
        if let Some(entry) = entry {
            entry.store_sent(&mut tx, phone.pn()).await?;
        }
        tx.commit().await?;
        Ok(sealed)
    }

    async fn direct_targets(&self, phone: &Phone, to: &Jid) -> PortResult<Vec<Target>> {
        let network = self.network()?;
        let mut devices = network.devices(to).await?;
        if devices.is_empty() {
            return Err(PortError::NotFound(format!("{} is not on WhatsApp", to.user)));
        }
        if !phone.is_own(&to.user) {
            devices.extend(network.devices(&phone.jid()).await?);
        }
        self.targets(phone, devices).await
    }

    /// These devices without this phone itself, each with a bundle when there is no session yet.
    pub(super) async fn targets(&self, phone: &Phone, devices: Vec<Jid>) -> PortResult<Vec<Target>> {
        let network = self.network()?;
        let mut targets = Vec::with_capacity(devices.len());
        for jid in devices {
            let contact = self.contact(&jid).await?;
            let own = phone.is_own(&contact.pn);
            if own && jid.device == 0 {
                continue;
            }
            let address = DeviceAddress::new(contact.pn, jid.device);
            // outside the lock: the bundle may come from another phone
            let bundle = if self.store.has_session(phone, &address).await? {
                None
            } else {
                match network.take_bundle(&jid).await {
                    Ok(bundle) => Some(bundle),
                    // linked, but its keys are not uploaded yet, or unlinked meanwhile
                    Err(PortError::NotFound(_)) if jid.device != 0 => continue,
                    Err(error) => return Err(error),
                }
            };
            targets.push(Target { jid, address, own, bundle });
        }
        Ok(targets)
    }
}
