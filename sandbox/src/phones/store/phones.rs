//! Phones: made once, then only their settings change.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use wacore_libsignal::protocol::{IdentityKey, IdentityKeyPair};

use super::super::account::{Keys, Phone, Settings, SyncKey, derive_lid, key_pair};
use super::super::behaviour::{ReadBehaviour, Script};
use super::{Page, PhoneSummary, Store};
use crate::ports::AccountInfo;

/// What a new phone is made of.
pub(in super::super) struct NewPhone<'a> {
    pub(in super::super) pn: &'a str,
    pub(in super::super) push_name: &'a str,
    pub(in super::super) adv_raw_id: u32,
    pub(in super::super) keys: &'a Keys,
}

/// Tries before giving up on a free LID; a collision is about as likely as 1 in 10^15 per phone.
const LID_ATTEMPTS: u32 = 16;

impl Store {
    /// Stores a phone unless the number has one already.
    pub(in super::super) async fn create_phone(&self, new: &NewPhone<'_>) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        for attempt in 0..LID_ATTEMPTS {
            let lid = derive_lid(new.pn, attempt);
            let taken = sqlx::query("SELECT 1 FROM phones WHERE (lid = ?1 OR pn = ?1) AND pn <> ?2")
                .bind(&lid)
                .bind(new.pn)
                .fetch_optional(&mut *tx)
                .await?
                .is_some();
            if taken {
                continue;
            }
            let keys = new.keys;
            sqlx::query(
                "INSERT INTO phones (pn, lid, push_name, identity, registration_id, signed_pre_key, \
                 signed_pre_key_signature, adv_raw_id, sync_key_id, sync_key, made) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(new.pn)
            .bind(&lid)
            .bind(new.push_name)
            .bind(&keys.identity.private_key().serialize()[..])
            .bind(i64::from(keys.registration_id))
            .bind(&keys.signed_pre_key.private_key.serialize()[..])
            .bind(&keys.signed_pre_key_signature[..])
            .bind(i64::from(new.adv_raw_id))
            .bind(&keys.sync.id[..])
            .bind(&keys.sync.data[..])
            .bind(keys.sync.made)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            return Ok(());
        }
        anyhow::bail!("no free LID for {}", new.pn)
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

    /// Stores what a user may change.
    pub(in super::super) async fn save_settings(&self, pn: &str, settings: &Settings) -> anyhow::Result<()> {
        sqlx::query(
            "UPDATE phones SET read_after_ms = ?, script = ?, on_whatsapp = ?, sink = ? WHERE pn = ?",
        )
        .bind(settings.read.to_column())
        .bind(serde_json::to_string(&settings.script)?)
        .bind(settings.on_whatsapp)
        .bind(settings.sink)
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
            "SELECT pn, lid, push_name, on_whatsapp, sink, read_after_ms, script FROM phones WHERE pn > ? ORDER BY pn LIMIT ?",
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
                    sink: row.try_get("sink")?,
                    read: ReadBehaviour::from_column(row.try_get("read_after_ms")?),
                    script: script_from(row)?,
                })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Page::cut(phones, limit, |phone| phone.pn.clone()))
    }
}

fn script_from(row: &SqliteRow) -> anyhow::Result<Script> {
    Ok(serde_json::from_str(row.try_get("script")?)?)
}

fn phone_from(row: &SqliteRow) -> anyhow::Result<Phone> {
    let identity = key_pair(row.try_get("identity")?)?;
    let signature: &[u8] = row.try_get("signed_pre_key_signature")?;
    let sync_id: &[u8] = row.try_get("sync_key_id")?;
    let sync_data: &[u8] = row.try_get("sync_key")?;
    let keys = Keys {
        identity: IdentityKeyPair::new(IdentityKey::new(identity.public_key), identity.private_key),
        registration_id: u32::try_from(row.try_get::<i64, _>("registration_id")?)?,
        signed_pre_key: key_pair(row.try_get("signed_pre_key")?)?,
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
    let settings = Settings {
        read: ReadBehaviour::from_column(row.try_get("read_after_ms")?),
        script: script_from(row)?,
        on_whatsapp: row.try_get("on_whatsapp")?,
        sink: row.try_get("sink")?,
    };
    Ok(Phone::new(info, keys, settings))
}
