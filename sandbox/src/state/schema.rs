//! Tables of the network's file.

use anyhow::Result;
use sqlx::{SqliteConnection, raw_sql};

use super::groups;

/// Every part's tables; a part of its own file keeps its own text and has one line here.
const TABLES: &[&str] = &[
    BASE,
    super::app_state::TABLES,
    super::channels::TABLES,
    super::dirty::TABLES,
    groups::TABLES,
    super::options::TABLES,
    super::privacy::TABLES,
    super::profiles::TABLES,
    super::restrictions::TABLES,
    super::tokens::TABLES,
];

const BASE: &str = "
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (
    pn INTEGER PRIMARY KEY,
    last_device INTEGER NOT NULL,
    last_key_index INTEGER NOT NULL,
    list_changed INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS devices (
    pn INTEGER NOT NULL,
    device INTEGER NOT NULL,
    key_index INTEGER NOT NULL,
    registration_id INTEGER NOT NULL,
    identity BLOB NOT NULL,
    noise BLOB NOT NULL,
    skey_id INTEGER NOT NULL,
    skey BLOB NOT NULL,
    skey_signature BLOB NOT NULL,
    signed_identity BLOB NOT NULL,
    device_props BLOB NOT NULL,
    ready INTEGER NOT NULL,
    push_name TEXT,
    PRIMARY KEY (pn, device)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pre_keys (
    pn INTEGER NOT NULL,
    device INTEGER NOT NULL,
    id INTEGER NOT NULL,
    key BLOB NOT NULL,
    PRIMARY KEY (pn, device, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS queue (
    seq INTEGER PRIMARY KEY,
    pn INTEGER NOT NULL,
    device INTEGER NOT NULL,
    stanza BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS queue_by_device ON queue (pn, device, seq);
CREATE TABLE IF NOT EXISTS seen (n INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS contacts (
    pn INTEGER NOT NULL,
    peer INTEGER NOT NULL,
    PRIMARY KEY (pn, peer)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contacts_by_peer ON contacts (peer);
CREATE TABLE IF NOT EXISTS blocklist (
    pn INTEGER NOT NULL,
    peer INTEGER NOT NULL,
    PRIMARY KEY (pn, peer)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS media (
    token TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    -- how often it was uploaded again after it had expired
    generation INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
";

/// Makes what is missing.
pub(super) async fn create(connection: &mut SqliteConnection) -> Result<()> {
    for tables in TABLES {
        raw_sql(*tables).execute(&mut *connection).await?;
    }
    Ok(())
}
