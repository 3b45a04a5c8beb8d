//! Which deliveries were already queued: the newest in memory, as many on disk.

use std::collections::{HashSet, VecDeque};

use anyhow::Result;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, query};

use super::entry::DedupeKey;
use super::queue::pieces;

/// Deliveries remembered; a client resends within minutes, this is hours under load.
const REMEMBERED: usize = 300_000;
/// Rows added before old ones are removed.
const PRUNE_EVERY: usize = 20_000;

/// A bounded set, oldest first out.
pub(super) struct Seen {
    keys: HashSet<DedupeKey>,
    order: VecDeque<DedupeKey>,
    since_prune: usize,
}

impl Seen {
    /// Loads what earlier starts remembered.
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Self> {
        let mut seen = Self { keys: HashSet::new(), order: VecDeque::new(), since_prune: 0 };
        let rows = query("SELECT key FROM (SELECT n, key FROM seen ORDER BY n DESC LIMIT ?) ORDER BY n")
            .bind(i64::try_from(REMEMBERED)?)
            .fetch_all(connection)
            .await?;
        for row in rows {
            if let Ok(key) = <[u8; 16]>::try_from(row.get::<&[u8], _>(0)) {
                seen.insert(DedupeKey(key));
            }
        }
        Ok(seen)
    }

    /// Adds a key; `false` when it was there.
    pub(super) fn insert(&mut self, key: DedupeKey) -> bool {
        if !self.keys.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        true
    }

    /// Lets a key in once more. One that comes back stands twice in the order and goes with the first.
    pub(super) fn release(&mut self, key: &DedupeKey) {
        self.keys.remove(key);
    }

    /// Takes keys back whose commit failed.
    pub(super) fn forget(&mut self, keys: &[DedupeKey]) {
        for key in keys {
            self.keys.remove(key);
        }
        self.order.retain(|key| self.keys.contains(key));
    }

    /// Writes keys added since the last call.
    pub(super) async fn save(&mut self, keys: &[DedupeKey], connection: &mut SqliteConnection) -> Result<()> {
        for piece in pieces(keys) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO seen (key) ");
            insert.push_values(piece, |mut row, key| {
                row.push_bind(&key.0[..]);
            });
            insert.build().execute(&mut *connection).await?;
        }
        self.since_prune += keys.len();
        if self.since_prune >= PRUNE_EVERY {
            self.since_prune = 0;
            query("DELETE FROM seen WHERE n <= (SELECT max(n) FROM seen) - ?")
                .bind(i64::try_from(REMEMBERED)?)
                .execute(connection)
                .await?;
        }
        Ok(())
    }
}
