//! The network as simulated phones see it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use wacore_binary::{Jid, Node};

use crate::core::Core;
use crate::handlers;
use crate::ports::{
    AccountInfo, AppStatePatch, Companion, CompanionAddress, KeyBundle, Network, PortError, PortResult,
};
use crate::router::{Account, Origin};
use crate::state::{Appended, Wanted};

/// The seam's implementation over a running network.
pub(crate) struct SandboxNetwork(pub(crate) Arc<Core>);

impl SandboxNetwork {
    async fn existing(&self, pn: &str) -> PortResult<Arc<Account>> {
        self.0.find(pn).await?.ok_or_else(|| PortError::NotFound(format!("no account {pn}")))
    }
}

#[async_trait]
impl Network for SandboxNetwork {
    async fn submit(&self, pn: &str, stanza: Node) -> PortResult<Option<Node>> {
        handlers::submit(&self.0, pn, stanza).await
    }

    async fn query(&self, pn: &str, iq: Node) -> PortResult<Node> {
        handlers::query(&self.0, pn, iq).await
    }

    async fn devices(&self, user: &Jid) -> PortResult<Vec<Jid>> {
        let account = self.0.user(user).await?.ok_or_else(|| PortError::NotFound(user.to_string()))?;
        Ok(account.devices().into_iter().map(|device| account.jid(user.server, device)).collect())
    }

    async fn save_contact(&self, pn: &str, contact: &str) -> PortResult<()> {
        let account = self.existing(pn).await?;
        let contact = self.existing(contact).await?;
        self.0.acquaint(&account, &contact).await
    }

    async fn acquaintances(&self, pn: &str) -> PortResult<Vec<AccountInfo>> {
        let mut known = Vec::new();
        for peer in self.existing(pn).await?.acquaintances() {
            known.extend(self.0.by_number(peer).await?.map(|account| account.phone()));
        }
        Ok(known)
    }

    async fn account_changed(&self, pn: &str) -> PortResult<()> {
        self.0.look_again(pn).await
    }

    async fn change_number(&self, old: &str, new: &str) -> PortResult<()> {
        self.0.change_number(old, new).await
    }

    async fn take_bundle(&self, device: &Jid) -> PortResult<KeyBundle> {
        self.0.bundle(device).await
    }

    async fn account(&self, user: &Jid) -> PortResult<Option<AccountInfo>> {
        Ok(self.0.find(user.user_base()).await?.map(|account| account.phone()))
    }

    async fn link_by_qr(
        &self,
        pn: &str,
        reference: &str,
        adv_secret: [u8; 32],
    ) -> PortResult<CompanionAddress> {
        self.0.pair_by_reference(pn, reference, adv_secret).await
    }

    async fn link_by_code(&self, pn: &str, code: &str) -> PortResult<CompanionAddress> {
        self.0.pair_by_code(pn, code).await
    }

    async fn approve_passkey(&self, pn: &str, code: &str) -> PortResult<()> {
        self.0.approve_passkey(self.existing(pn).await?.pn, code)
    }

    async fn refresh_codes(&self, pn: &str) -> PortResult<()> {
        self.0.refresh_codes(self.existing(pn).await?.pn)
    }

    async fn refresh_registration(&self, reference: &str) -> PortResult<()> {
        self.0.refresh_registration(reference)
    }

    async fn unlink(&self, pn: &str, device: u16) -> PortResult<()> {
        let account = self.existing(pn).await?;
        self.0.remove_companion(&account, device).await
    }

    async fn companions(&self, pn: &str) -> PortResult<Vec<Companion>> {
        Ok(self.existing(pn).await?.companions())
    }

    async fn push_app_state(&self, pn: &str, collection: &str, base: u64, patch: Bytes) -> PortResult<u64> {
        let phone = Origin { account: self.existing(pn).await?, device: 0 };
        match self.0.append_app_state(&phone, collection, base, patch).await? {
            Appended::Stored(version) => {
                self.0.announce_app_state(&phone, collection, version).await?;
                Ok(version)
            }
            Appended::Conflict(current) => {
                Err(PortError::Refused(format!("{collection} is at version {current}, not {base}")))
            }
        }
    }

    async fn app_state(&self, pn: &str, collection: &str, after: u64) -> PortResult<Vec<AppStatePatch>> {
        let account = self.existing(pn).await?;
        let wanted = Wanted { collection, after, snapshot: false, limit: i64::MAX };
        Ok(self.0.state.app_state_page(account.pn, wanted).await?.patches)
    }

    async fn save_snapshot(
        &self,
        pn: &str,
        collection: &str,
        version: u64,
        reference: Bytes,
    ) -> PortResult<()> {
        let account = self.existing(pn).await?;
        Ok(self.0.state.save_snapshot(account.pn, collection.to_owned(), version, reference).await?)
    }

    async fn upload_media(&self, kind: &str, body: Bytes) -> PortResult<(String, String)> {
        let stored = self.0.media.put(&self.0.state, kind, &body).await?;
        Ok((stored.url, stored.direct_path))
    }

    async fn renew_media(&self, direct_path: &str) -> PortResult<(String, String)> {
        let renewed = self.0.media.renew(&self.0.state, direct_path).await?;
        let stored = renewed.ok_or_else(|| PortError::NotFound(direct_path.to_owned()))?;
        Ok((stored.url, stored.direct_path))
    }

    async fn expire_media(&self, direct_path: &str) -> PortResult<()> {
        let known = self.0.media.expire(&self.0.state, direct_path).await?;
        if known { Ok(()) } else { Err(PortError::NotFound(format!("no media object {direct_path}"))) }
    }

    async fn tell_companion(&self, companion: &CompanionAddress, notification: Node) -> PortResult<()> {
        let account = self.existing(&companion.pn).await?;
        if companion.device == 0 || !account.has(companion.device) {
            return Err(PortError::NotFound(format!(
                "{} has no companion {}",
                companion.pn, companion.device
            )));
        }
        Ok(self.0.notify(account.key(companion.device), &notification).await?)
    }

    async fn open_media(&self, direct_path: &str) -> PortResult<Box<dyn std::io::Read + Send>> {
        let found = self.0.media.open_file(&self.0.state, direct_path).await?;
        let file = found.ok_or_else(|| PortError::NotFound(direct_path.to_owned()))?;
        Ok(Box::new(file))
    }

    async fn download_media(&self, direct_path: &str) -> PortResult<Bytes> {
        let found = self.0.media.get(&self.0.state, direct_path).await?;
        found.ok_or_else(|| PortError::NotFound(direct_path.to_owned()))
    }
}
