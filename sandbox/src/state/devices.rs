//! Linked companions.

use anyhow::{Context, Result};
use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};

use super::State;
use super::entry::DeviceKey;

/// A linked companion as stored: everything of its pre-key bundle but the one-time keys.
#[derive(Debug, Clone)]
pub(crate) struct DeviceRow {
    pub(crate) device: u16,
    pub(crate) key_index: u32,
    pub(crate) registration_id: u32,
    pub(crate) identity: [u8; 32],
    /// Noise static key seen at pairing; no other may log in as this device.
    pub(crate) noise: [u8; 32],
    pub(crate) signed_pre_key: (u32, [u8; 32], [u8; 64]),
    /// `ADVSignedDeviceIdentity` with the account's signature key and the device's signature.
    pub(crate) signed_identity: Bytes,
    /// `DeviceProps` of its registration.
    pub(crate) device_props: Bytes,
    /// Whether the phone has sent its bootstrap messages.
    pub(crate) ready: bool,
    /// Name announced by this device's presence.
    pub(crate) push_name: Option<String>,
}

impl State {
    /// Companions of an account, by device id.
    pub(crate) async fn load_devices(&self, pn: u64) -> Result<Vec<DeviceRow>> {
        let rows = query(
            "SELECT device, key_index, registration_id, identity, noise, skey_id, skey, skey_signature, \
             signed_identity, device_props, ready, push_name FROM devices WHERE pn = ? ORDER BY device",
        )
        .bind(pn.cast_signed())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(device).collect()
    }

    /// Writes a companion.
    pub(crate) async fn save_device(&self, pn: u64, device: DeviceRow) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let (skey_id, skey, skey_signature) = device.signed_pre_key;
                    query("INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                        .bind(pn.cast_signed())
                        .bind(device.device)
                        .bind(device.key_index)
                        .bind(device.registration_id)
                        .bind(&device.identity[..])
                        .bind(&device.noise[..])
                        .bind(skey_id)
                        .bind(&skey[..])
                        .bind(&skey_signature[..])
                        .bind(&device.signed_identity[..])
                        .bind(&device.device_props[..])
                        .bind(device.ready)
                        .bind(device.push_name)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Removes a companion with its keys and its queue.
    pub(crate) async fn delete_device(&self, key: DeviceKey) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    for sql in [
                        "DELETE FROM devices WHERE pn = ? AND device = ?",
                        "DELETE FROM pre_keys WHERE pn = ? AND device = ?",
                        "DELETE FROM queue WHERE pn = ? AND device = ?",
                        "DELETE FROM dirty WHERE pn = ? AND device = ?",
                    ] {
                        query(sql)
                            .bind(key.pn.cast_signed())
                            .bind(key.device)
                            .execute(&mut *connection)
                            .await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

fn device(row: &SqliteRow) -> Result<DeviceRow> {
    Ok(DeviceRow {
        device: row.get(0),
        key_index: row.get(1),
        registration_id: row.get(2),
        identity: bytes(row, 3)?,
        noise: bytes(row, 4)?,
        signed_pre_key: (row.get(5), bytes(row, 6)?, bytes(row, 7)?),
        signed_identity: Bytes::from(row.get::<Vec<u8>, _>(8)),
        device_props: Bytes::from(row.get::<Vec<u8>, _>(9)),
        ready: row.get(10),
        push_name: row.get(11),
    })
}

fn bytes<const N: usize>(row: &SqliteRow, column: usize) -> Result<[u8; N]> {
    row.get::<&[u8], _>(column)
        .try_into()
        .with_context(|| format!("device column {column} has a wrong length"))
}
