//! Signal state: sessions and one-time pre-keys.

use sqlx::Row;
use wacore_libsignal::protocol::KeyPair;

use super::super::account::{Phone, key_pair, raw_public};
use super::super::address::DeviceAddress;
use super::super::signal::{Changes, Scratch};
use super::{Store, Tx};

/// One-time pre-keys that were handed out and not used yet are kept up to this many per phone.
const KEPT_PRE_KEYS: i64 = 2000;

impl Store {
    /// Loads the sessions with these devices.
    pub(in super::super) async fn load_sessions(
        &self,
        phone: &Phone,
        devices: &[DeviceAddress],
        scratch: &mut Scratch,
    ) -> anyhow::Result<()> {
        for device in devices {
            let key = device.key();
            let row = sqlx::query("SELECT record FROM sessions WHERE pn = ? AND address = ?")
                .bind(phone.pn())
                .bind(&key)
                .fetch_optional(&self.read)
                .await?;
            if let Some(row) = row {
                scratch.put_session(key, row.try_get("record")?)?;
            }
        }
        Ok(())
    }

    /// True when a session with the device is stored.
    pub(in super::super) async fn has_session(
        &self,
        phone: &Phone,
        device: &DeviceAddress,
    ) -> anyhow::Result<bool> {
        Ok(sqlx::query("SELECT 1 FROM sessions WHERE pn = ? AND address = ?")
            .bind(phone.pn())
            .bind(device.key())
            .fetch_optional(&self.read)
            .await?
            .is_some())
    }

    pub(in super::super) async fn load_pre_key(
        &self,
        phone: &Phone,
        id: u32,
        scratch: &mut Scratch,
    ) -> anyhow::Result<()> {
        let row = sqlx::query("SELECT private, public FROM pre_keys WHERE pn = ? AND id = ?")
            .bind(phone.pn())
            .bind(i64::from(id))
            .fetch_optional(&self.read)
            .await?;
        if let Some(row) = row {
            scratch.put_pre_key(id, &key_pair(row.try_get("private")?, row.try_get("public")?)?);
        }
        Ok(())
    }

    /// Makes a one-time pre-key and hands out its public half. Keys are made when asked for,
    /// so a phone never runs out and an unused phone holds none.
    pub(in super::super) async fn new_pre_key(&self, phone: &Phone) -> anyhow::Result<(u32, [u8; 32])> {
        let pair = KeyPair::generate(&mut rand::make_rng::<rand::rngs::StdRng>());
        let mut tx = self.begin().await?;
        // 24-bit ids on the wire; 0 is not used
        let row = sqlx::query(
            "UPDATE phones SET next_pre_key = next_pre_key % 16777214 + 1 WHERE pn = ? \
             RETURNING next_pre_key AS id",
        )
        .bind(phone.pn())
        .fetch_one(&mut *tx)
        .await?;
        let id = u32::try_from(row.try_get::<i64, _>("id")?)?;
        sqlx::query("INSERT OR REPLACE INTO pre_keys (pn, id, private, public) VALUES (?, ?, ?, ?)")
            .bind(phone.pn())
            .bind(i64::from(id))
            .bind(&pair.private_key.serialize()[..])
            .bind(&raw_public(&pair.public_key)[..])
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM pre_keys WHERE pn = ?1 AND id <= ?2 - ?3")
            .bind(phone.pn())
            .bind(i64::from(id))
            .bind(KEPT_PRE_KEYS)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok((id, raw_public(&pair.public_key)))
    }

    /// Drops the session with a device that is gone.
    pub(in super::super) async fn forget_session(
        &self,
        pn: &str,
        device: &DeviceAddress,
    ) -> anyhow::Result<()> {
        sqlx::query("DELETE FROM sessions WHERE pn = ? AND address = ?")
            .bind(pn)
            .bind(device.key())
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

/// Stores what a Signal step has changed, in the caller's transaction.
pub(in super::super) async fn save_changes(tx: &mut Tx, pn: &str, changes: &Changes) -> anyhow::Result<()> {
    for (address, record) in &changes.sessions {
        sqlx::query("INSERT OR REPLACE INTO sessions (pn, address, record) VALUES (?, ?, ?)")
            .bind(pn)
            .bind(address)
            .bind(record)
            .execute(&mut **tx)
            .await?;
    }
    for (name, record) in &changes.sender_keys {
        sqlx::query("INSERT OR REPLACE INTO sender_keys (pn, name, record) VALUES (?, ?, ?)")
            .bind(pn)
            .bind(name)
            .bind(record)
            .execute(&mut **tx)
            .await?;
    }
    for id in &changes.used_pre_keys {
        sqlx::query("DELETE FROM pre_keys WHERE pn = ? AND id = ?")
            .bind(pn)
            .bind(i64::from(*id))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
