//! Writing: a patch on top of the newest version, again on top of whoever was faster.

use bytes::Bytes;
use wacore_appstate::schemas::SETTING_PUSH_NAME;
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::super::account::Phone;
use super::open::Record;
use super::patch::{Write, build};
use crate::ports::{PortError, PortResult};

/// Attempts against other writers of the same collection.
const ATTEMPTS: u32 = 50;

impl Simulated {
    /// Pushes one patch to a collection and takes it in; answers the collection's version, which is
    /// the old one when there is nothing to do.
    pub(super) async fn write(&self, phone: &Phone, collection: &str, writes: &[Write]) -> PortResult<u64> {
        let network = self.network()?;
        for _ in 0..ATTEMPTS {
            self.sync_collection(phone, collection).await?;
            let (base, patch) = self.compose_patch(phone, collection, writes).await?;
            let Some(patch) = patch else { return Ok(base) };
            match network.push_app_state(phone.pn(), collection, base, patch).await {
                Ok(version) => {
                    self.sync_collection(phone, collection).await?;
                    return Ok(version);
                }
                Err(PortError::Refused(why)) => {
                    tracing::debug!(pn = phone.pn(), collection, why, "app-state push lost a race");
                }
                Err(error) => return Err(error),
            }
        }
        Err(PortError::Refused(format!("{collection} moves faster than this phone")))
    }

    /// The patch for some writes and the version that it is made on; no patch when nothing changes.
    async fn compose_patch(
        &self,
        phone: &Phone,
        collection: &str,
        writes: &[Write],
    ) -> anyhow::Result<(u64, Option<Bytes>)> {
        let keys = self.store.sync_keys(phone).await?;
        let indexes: Vec<_> = writes.iter().map(Write::full_index).collect();
        let (state, known) = self.store.standing(phone.pn(), collection, &indexes).await?;
        let patch = build(&keys, collection, &state, writes, &known)?;
        let bytes = patch.map(|patch| waproto::codec::syncd_patch_to_vec(&patch).into());
        Ok((state.version, bytes))
    }

    /// Makes sure that app state has the user's name, by the present one when `renamed`.
    pub(in super::super) async fn publish_push_name(&self, phone: &Phone, renamed: bool) -> PortResult<()> {
        let collection = SETTING_PUSH_NAME.collection.as_str();
        self.sync_collection(phone, collection).await?;
        let index = [SETTING_PUSH_NAME.name.to_owned()];
        let (_, known) = self.store.standing(phone.pn(), collection, &[index.to_vec()]).await?;
        let name = phone.push_name();
        let stands = |record: &Record| record.action.push_name_setting.name.as_ref() == Some(&name);
        if known.last().is_none_or(|record| renamed && !stands(record)) {
            let setting = wa::sync_action_value::PushNameSetting { name: Some(name) };
            let value = wa::SyncActionValue { push_name_setting: setting.into(), ..stamped(self.now()) };
            let write = Write { schema: &SETTING_PUSH_NAME, index: Vec::new(), value: Some(value) };
            self.write(phone, collection, &[write]).await?;
        }
        Ok(())
    }
}

/// A value with nothing but the time, in unix seconds.
pub(super) fn stamped(now: i64) -> wa::SyncActionValue {
    wa::SyncActionValue { timestamp: Some(now * 1000), ..Default::default() }
}
