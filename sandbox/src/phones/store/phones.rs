//! Phones: made once, then only their settings change.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use wacore_libsignal::protocol::{IdentityKey, IdentityKeyPair};

use super::super::account::{Keys, Phone, SyncKey, derive_lid, key_pair, raw_public};
use super::super::behaviour::Behaviour;
use super::{Page, PhoneSummary, Store, Tx};
use crate::ports::AccountInfo;

/// What a new phone is made of.
pub(in super::super) struct NewPhone {
    pub(in super::super) pn: String,
    pub(in super::super) push_name: String,
    pub(in super::super) adv_raw_id: u32,
    pub(in super::super) keys: Keys,
}

/// Tries before giving up on a free LID; a collision is about as likely as 1 in 10^15 per phone.
const LID_ATTEMPTS: u32 = 16;

impl Store {
    /// Stores phones whose numbers have none; answers how many.
    pub(in super::super) async fn create_phones(&self, new: &[NewPhone]) -> anyhow::Result<usize> {
        let mut tx = self.begin().await?;
        let mut made = 0;
        for phone in new {
            made += usize::from(phone.insert(&mut tx).await?);
        }
        tx.commit().await?;
        self.population.fetch_add(made, Ordering::Relaxed);
        Ok(made)
    }

    /// How many phones there are.
    pub(in super::super) fn population(&self) -> usize {
        self.population.load(Ordering::Relaxed)
    }

    /// The phone with this number, else the one with this LID.
    pub(in super::super) async fn load_phone(&self, user: &str) -> anyhow::Result<Option<Phone>> {
        sqlx::query("SELECT * FROM phones WHERE pn = ?1 OR lid = ?1 ORDER BY pn = ?1 DESC LIMIT 1")
            .bind(user)
            .fetch_optional(&self.read)
            .await?
            .map(|row| phone_from(&row))
            .transpose()
    }

    /// Stores the name of a phone's user.
    pub(in super::super) async fn save_name(&self, pn: &str, name: &str) -> anyhow::Result<()> {
        sqlx::query("UPDATE phones SET push_name = ? WHERE pn = ?")
            .bind(name)
            .bind(pn)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Stores what a phone does by itself; `None` for what phones do by default.
    pub(in super::super) async fn save_behaviour(
        &self,
        pn: &str,
        behaviour: Option<&Behaviour>,
    ) -> anyhow::Result<()> {
        let stored = behaviour.map(serde_json::to_string).transpose()?;
        sqlx::query("UPDATE phones SET behaviour = ? WHERE pn = ?")
            .bind(stored)
            .bind(pn)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// A phone's script answers in every chat again.
    pub(in super::super) async fn speak_again(&self, pn: &str) -> anyhow::Result<()> {
        sqlx::query("DELETE FROM silenced WHERE pn = ?").bind(pn).execute(&self.write).await?;
        Ok(())
    }

    /// Stores whether a number exists for the network.
    pub(in super::super) async fn save_existence(&self, pn: &str, exists: bool) -> anyhow::Result<()> {
        sqlx::query("UPDATE phones SET on_whatsapp = ? WHERE pn = ?")
            .bind(exists)
            .bind(pn)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Phones in order of their number, after `cursor`.
    pub(in super::super) async fn list_phones(
        &self,
        cursor: &str,
        limit: u32,
    ) -> anyhow::Result<Page<PhoneSummary>> {
        let rows = sqlx::query(
            "SELECT pn, lid, push_name, on_whatsapp, behaviour FROM phones WHERE pn > ? ORDER BY pn LIMIT ?",
        )
        .bind(cursor)
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.read)
        .await?;
        let phones = rows
            .iter()
            .map(|row| {
                Ok(PhoneSummary {
                    pn: row.try_get("pn")?,
                    lid: row.try_get("lid")?,
                    push_name: row.try_get("push_name")?,
                    on_whatsapp: row.try_get("on_whatsapp")?,
                    behaviour: behaviour_from(row)?,
                })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Page::cut(phones, limit, |phone| phone.pn.clone()))
    }
}

impl NewPhone {
    /// False when the number has a phone already.
    async fn insert(&self, tx: &mut Tx) -> anyhow::Result<bool> {
        for attempt in 0..LID_ATTEMPTS {
            let lid = derive_lid(&self.pn, attempt);
            let taken = sqlx::query("SELECT 1 FROM phones WHERE (lid = ?1 OR pn = ?1) AND pn <> ?2")
                .bind(&lid)
                .bind(&self.pn)
                .fetch_optional(&mut **tx)
                .await?
                .is_some();
            if taken {
                continue;
            }
            let keys = &self.keys;
            let done = sqlx::query(
                "INSERT INTO phones (pn, lid, push_name, identity, identity_public, registration_id, \
                 signed_pre_key, signed_pre_key_public, signed_pre_key_signature, adv_raw_id, sync_key_id, \
                 sync_key, made) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(&self.pn)
            .bind(&lid)
            .bind(&self.push_name)
            .bind(&keys.identity.private_key().serialize()[..])
            .bind(&keys.identity_public()[..])
            .bind(i64::from(keys.registration_id))
            .bind(&keys.signed_pre_key.private_key.serialize()[..])
            .bind(&raw_public(&keys.signed_pre_key.public_key)[..])
            .bind(&keys.signed_pre_key_signature[..])
            .bind(i64::from(self.adv_raw_id))
            .bind(&keys.sync.id[..])
            .bind(&keys.sync.data[..])
            .bind(keys.sync.made)
            .execute(&mut **tx)
            .await?;
            return Ok(done.rows_affected() == 1);
        }
        anyhow::bail!("no free LID for {}", self.pn)
    }
}

fn behaviour_from(row: &SqliteRow) -> anyhow::Result<Option<Behaviour>> {
    let stored: Option<&str> = row.try_get("behaviour")?;
    Ok(stored.map(serde_json::from_str).transpose()?)
}

fn phone_from(row: &SqliteRow) -> anyhow::Result<Phone> {
    let identity = key_pair(row.try_get("identity")?, row.try_get("identity_public")?)?;
    let signature: &[u8] = row.try_get("signed_pre_key_signature")?;
    let sync_id: &[u8] = row.try_get("sync_key_id")?;
    let sync_data: &[u8] = row.try_get("sync_key")?;
    let keys = Keys {
        identity: IdentityKeyPair::new(IdentityKey::new(identity.public_key), identity.private_key),
        registration_id: u32::try_from(row.try_get::<i64, _>("registration_id")?)?,
        signed_pre_key: key_pair(row.try_get("signed_pre_key")?, row.try_get("signed_pre_key_public")?)?,
        signed_pre_key_signature: signature.try_into()?,
        sync: SyncKey { id: sync_id.try_into()?, data: sync_data.try_into()?, made: row.try_get("made")? },
    };
    let info = AccountInfo {
        pn: row.try_get("pn")?,
        lid: row.try_get("lid")?,
        push_name: row.try_get("push_name")?,
        identity: keys.identity_public(),
        adv_raw_id: u32::try_from(row.try_get::<i64, _>("adv_raw_id")?)?,
    };
    let phone = Phone::new(info, keys);
    phone.set_on_whatsapp(row.try_get("on_whatsapp")?);
    phone.set_behaviour(behaviour_from(row)?.map(Arc::new));
    Ok(phone)
}
