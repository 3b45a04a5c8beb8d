//! Event log → record: load what a batch can touch, apply the events in memory, write what changed.
//!
//! Three steps instead of a few statements per event, so that a batch costs about a dozen round
//! trips whatever its size. The middle step is pure.

mod acts;
mod chats;
mod contacts;
mod load;
mod marks;
mod media;
mod messages;
mod record;
mod sessions;
mod sighting;
mod store;
mod store_chats;
mod telling;
mod tracked;

pub(super) use chats::Place;
#[cfg(test)]
pub(super) use load::one_of;
pub(super) use store_chats::recount;

use std::collections::BTreeSet;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use wagate_domain::{
    SessionId,
    events::Event,
    ports::{PortResult, Projection},
};

use super::{Database, error::sql_error, removals::still_there};

pub(super) use store::upsert;
pub(super) use telling::write_told;

/// First half of the keys of PostgreSQL's advisory locks used here: "wgpr" in ASCII.
const LOCK_SPACE: i32 = 0x7767_7072;
const LOCKS: u128 = 4_096;

#[async_trait]
impl Projection for Database {
    async fn apply(&self, events: &[Event]) -> PortResult<usize> {
        if events.is_empty() {
            return Ok(0);
        }
        let tx = self.begin().await?;
        let kept = still_there(&tx, events).await?;
        let events = kept.as_deref().unwrap_or(events);
        if self.is_postgres() && !events.is_empty() {
            lock(&tx, events.iter().map(|event| event.session)).await?;
        }
        let mut record = load::load(&tx, events).await?;
        for event in events {
            record.apply(event)?;
        }
        store::store(&tx, &record).await?;
        write_told(&tx, record.telling.told()).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(record.telling.told().len())
    }
}

/// Keeps two writers from changing the record of one session at the same time. In ascending order,
/// so that two batches never wait for each other. For PostgreSQL; SQLite has one writer.
pub(super) async fn lock(
    tx: &DatabaseTransaction,
    sessions: impl Iterator<Item = SessionId>,
) -> PortResult<()> {
    // sessions share a bounded number of locks: PostgreSQL's room for them is bounded too
    let keys: BTreeSet<u128> = sessions.map(|session| session.ulid().random() % LOCKS).collect();
    let keys: Vec<String> = keys.into_iter().map(|key| key.to_string()).collect();
    let keys = keys.join(",");
    let sql =
        format!("SELECT pg_advisory_xact_lock({LOCK_SPACE}, key) FROM unnest(ARRAY[{keys}]::int[]) AS key");
    tx.execute_unprepared(&sql).await.map(drop).map_err(sql_error)
}
