//! Reading: the phone takes in the patches that its companions and itself have pushed.

use std::collections::HashSet;

use wacore::download::{DownloadUtils, MediaType};
use wacore_appstate::hash::HashState;
use wacore_appstate::schemas::COLLECTIONS;
use wacore_binary::Node;
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::super::account::Phone;
use super::client_errors::{ClientErrorKind, NewClientError};
use super::open::{Fault, open};
use super::records::{move_to, position, previous, save};
use crate::ports::{AppStatePatch, PortResult};

impl Simulated {
    /// A `server_sync` notification: other devices have pushed.
    pub(in super::super) async fn receive_server_sync(&self, phone: &Phone, node: &Node) -> PortResult<()> {
        for child in node.get_children_by_tag("collection") {
            let name = child.attrs().optional_string("name").unwrap_or_default().into_owned();
            if COLLECTIONS.iter().any(|known| known.as_str() == name) {
                self.sync_collection(phone, &name).await?;
            }
        }
        Ok(())
    }

    /// Takes in what is new in a collection.
    pub(super) async fn sync_collection(&self, phone: &Phone, collection: &str) -> PortResult<()> {
        let at = self.store.position(phone.pn(), collection).await?.state.version;
        let patches = self.network()?.app_state(phone.pn(), collection, at).await?;
        for patch in &patches {
            self.take_patch(phone, collection, patch).await?;
        }
        if patches.is_empty() { Ok(()) } else { self.snapshot_when_due(phone, collection).await }
    }

    /// Takes in one patch. One that does not hold is noted as its author's error and changes
    /// nothing but the version, as a phone cannot refuse what the server has accepted.
    async fn take_patch(&self, phone: &Phone, collection: &str, stored: &AppStatePatch) -> PortResult<()> {
        let patch = self.decode(stored).await;
        let keys = self.store.sync_keys(phone).await?;
        let mut tx = self.store.begin().await?;
        let state = position(&mut tx, phone.pn(), collection).await?.state;
        if stored.version <= state.version {
            // taken in by another task meanwhile
            return Ok(());
        }
        let opened = match &patch {
            Ok(patch) => {
                let before = previous(&mut tx, phone.pn(), collection, index_macs(patch)).await?;
                open(patch, collection, &state, &keys, &before)
            }
            Err(fault) => Err(fault.clone()),
        };
        let (changed, wrongs) = match opened {
            Ok(opened) => {
                save(&mut tx, phone.pn(), collection, &opened).await?;
                (opened.records, opened.flaws)
            }
            Err(fault) => {
                let state = HashState { version: stored.version, mac_mismatch_fatal: true, ..state };
                move_to(&mut tx, phone.pn(), collection, &state).await?;
                (Vec::new(), vec![fault.to_string()])
            }
        };
        for wrong in wrongs {
            let error = NewClientError {
                pn: phone.pn(),
                device: stored.device,
                kind: ClientErrorKind::AppStatePatch,
                detail: format!("{collection} version {}: {wrong}", stored.version),
                time: self.now(),
            };
            error.keep_in(&mut tx).await?;
        }
        tx.commit().await.map_err(anyhow::Error::from)?;
        for record in &changed {
            self.follow(phone, record).await?;
        }
        Ok(())
    }

    /// Decodes a patch with the mutations that it keeps in a media object.
    async fn decode(&self, stored: &AppStatePatch) -> Result<wa::SyncdPatch, Fault> {
        let unreadable = |error: &dyn std::fmt::Display| Fault::Unreadable(error.to_string());
        let mut patch =
            waproto::codec::syncd_patch_decode(&stored.patch).map_err(|error| unreadable(&error))?;
        if let Some(blob) = patch.external_mutations.as_option() {
            let path = blob.direct_path.as_deref().unwrap_or_default();
            let network = self.network().map_err(|error| unreadable(&error))?;
            let sealed = network.download_media(path).await.map_err(|error| unreadable(&error))?;
            let key = blob.media_key.as_deref().unwrap_or_default();
            let plain = DownloadUtils::verify_and_decrypt(&sealed, key, MediaType::AppState)
                .map_err(|error| unreadable(&error))?;
            let mutations =
                waproto::codec::syncd_mutations_decode(&plain).map_err(|error| unreadable(&error))?;
            patch.mutations = mutations.mutations;
        }
        Ok(patch)
    }
}

/// Index MACs of the records that a patch touches.
fn index_macs(patch: &wa::SyncdPatch) -> HashSet<&[u8]> {
    let records = patch.mutations.iter().filter_map(|mutation| mutation.record.as_option());
    records.filter_map(|record| record.index.as_option()?.blob.as_deref()).collect()
}
