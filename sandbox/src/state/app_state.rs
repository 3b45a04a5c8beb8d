//! App-state collections: versioned lists of opaque patches, and the phone's newest snapshot of each.

use anyhow::Result;
use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use super::State;
use crate::ports::AppStatePatch;

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS app_state (
    pn INTEGER NOT NULL,
    collection TEXT NOT NULL,
    version INTEGER NOT NULL,
    device INTEGER NOT NULL,
    patch BLOB NOT NULL,
    PRIMARY KEY (pn, collection, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS app_state_snapshots (
    pn INTEGER NOT NULL,
    collection TEXT NOT NULL,
    version INTEGER NOT NULL,
    reference BLOB NOT NULL,
    PRIMARY KEY (pn, collection)
) WITHOUT ROWID;
";

/// A patch on its way into a collection.
#[derive(Debug, Clone)]
pub(crate) struct NewPatch {
    pub(crate) pn: u64,
    pub(crate) collection: String,
    /// Version it was made on.
    pub(crate) base: u64,
    /// Device that made it.
    pub(crate) device: u16,
    pub(crate) patch: Bytes,
}

/// Outcome of appending a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// Stored under this version.
    Stored(u64),
    /// The base was not the current version, which is this one.
    Conflict(u64),
}

/// What a device asks of a collection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) collection: &'a str,
    /// Version the device has.
    pub(crate) after: u64,
    /// Whether it wants to start over from a snapshot.
    pub(crate) snapshot: bool,
    /// Patches it gets at most.
    pub(crate) limit: i64,
}

/// The next part of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppStatePage {
    /// Version of the collection with this part.
    pub(crate) version: u64,
    /// `ExternalBlobReference` of a snapshot to start over from.
    pub(crate) snapshot: Option<Bytes>,
    /// In order.
    pub(crate) patches: Vec<AppStatePatch>,
    /// Whether there is another part.
    pub(crate) more: bool,
}

impl State {
    /// Appends a patch made on top of version `base`.
    pub(crate) async fn append_patch(&self, new: NewPatch) -> Result<Appended> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let (current, _) = kept(connection, new.pn, &new.collection).await?;
                    if current != new.base {
                        return Ok(Appended::Conflict(current));
                    }
                    query("INSERT INTO app_state (pn, collection, version, device, patch) VALUES (?, ?, ?, ?, ?)")
                        .bind(new.pn.cast_signed())
                        .bind(&new.collection)
                        .bind((current + 1).cast_signed())
                        .bind(new.device)
                        .bind(&new.patch[..])
                        .execute(connection)
                        .await?;
                    Ok(Appended::Stored(current + 1))
                })
            })
            .await
    }

    /// Drops all collections of an account: its phone has lost the keys to them.
    pub(crate) async fn clear_app_state(&self, pn: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    for sql in
                        ["DELETE FROM app_state WHERE pn = ?", "DELETE FROM app_state_snapshots WHERE pn = ?"]
                    {
                        query(sql).bind(pn.cast_signed()).execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Keeps a snapshot unless a newer one is there, and drops the patches that the one before it
    /// covers: devices that are at most one snapshot behind go on from their version.
    pub(crate) async fn save_snapshot(
        &self,
        pn: u64,
        collection: String,
        version: u64,
        reference: Bytes,
    ) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let before =
                        snapshot(connection, pn, &collection).await?.map_or(0, |(version, _)| version);
                    if before >= version {
                        return Ok(());
                    }
                    query("INSERT OR REPLACE INTO app_state_snapshots VALUES (?, ?, ?, ?)")
                        .bind(pn.cast_signed())
                        .bind(&collection)
                        .bind(version.cast_signed())
                        .bind(&reference[..])
                        .execute(&mut *connection)
                        .await?;
                    query("DELETE FROM app_state WHERE pn = ? AND collection = ? AND version <= ?")
                        .bind(pn.cast_signed())
                        .bind(&collection)
                        .bind(before.cast_signed())
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// The next part of a collection; a snapshot leads when it is wanted, or when the patches that
    /// the device lacks are no longer kept.
    pub(crate) async fn app_state_page(&self, pn: u64, wanted: Wanted<'_>) -> Result<AppStatePage> {
        let mut read = self.readers.begin().await?;
        let (current, oldest) = kept(&mut read, pn, wanted.collection).await?;
        let lacking = wanted.after.saturating_add(1) < oldest;
        let start =
            if wanted.snapshot || lacking { snapshot(&mut read, pn, wanted.collection).await? } else { None };
        let after = start.as_ref().map_or(wanted.after, |(version, _)| *version);
        let rows = query(
            "SELECT version, device, patch FROM app_state WHERE pn = ? AND collection = ? AND version > ? \
             ORDER BY version LIMIT ?",
        )
        .bind(pn.cast_signed())
        .bind(wanted.collection)
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(wanted.limit)
        .fetch_all(&mut *read)
        .await?;
        let patches: Vec<_> = rows.iter().map(patch).collect();
        let version = patches.last().map_or(current, |patch| patch.version);
        let snapshot = start.map(|(_, reference)| reference);
        Ok(AppStatePage { version, snapshot, patches, more: version < current })
    }

    /// Collections of an account that have a patch, and their versions.
    pub(crate) async fn app_state_versions(&self, pn: u64) -> Result<Vec<(String, u64)>> {
        let rows = query("SELECT collection, max(version) FROM app_state WHERE pn = ? GROUP BY collection")
            .bind(pn.cast_signed())
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<i64, _>(1).cast_unsigned())).collect())
    }
}

/// Current version of a collection and the oldest that is kept as a patch; both 0 when it is empty.
async fn kept(connection: &mut SqliteConnection, pn: u64, collection: &str) -> Result<(u64, u64)> {
    let row = query(
        "SELECT coalesce(max(version), 0), coalesce(min(version), 0) FROM app_state \
         WHERE pn = ? AND collection = ?",
    )
    .bind(pn.cast_signed())
    .bind(collection)
    .fetch_one(connection)
    .await?;
    Ok((row.get::<i64, _>(0).cast_unsigned(), row.get::<i64, _>(1).cast_unsigned()))
}

async fn snapshot(
    connection: &mut SqliteConnection,
    pn: u64,
    collection: &str,
) -> Result<Option<(u64, Bytes)>> {
    let row = query("SELECT version, reference FROM app_state_snapshots WHERE pn = ? AND collection = ?")
        .bind(pn.cast_signed())
        .bind(collection)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| (row.get::<i64, _>(0).cast_unsigned(), Bytes::from(row.get::<Vec<u8>, _>(1)))))
}

fn patch(row: &SqliteRow) -> AppStatePatch {
    AppStatePatch {
        version: row.get::<i64, _>(0).cast_unsigned(),
        device: row.get(1),
        patch: Bytes::from(row.get::<Vec<u8>, _>(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn state_with(patches: u64) -> (tempfile::TempDir, State) {
        let dir = tempfile::tempdir().expect("dir");
        let state = State::open(dir.path(), 100).await.expect("open");
        for base in 0..patches {
            let new = NewPatch { pn: 7, collection: "regular".into(), base, device: 1, patch: "p".into() };
            assert_eq!(state.append_patch(new).await.expect("append"), Appended::Stored(base + 1));
        }
        (dir, state)
    }

    async fn page(state: &State, after: u64, snapshot: bool, limit: i64) -> (Vec<u64>, Option<Bytes>, bool) {
        let wanted = Wanted { collection: "regular", after, snapshot, limit };
        let page = state.app_state_page(7, wanted).await.expect("page");
        (page.patches.iter().map(|patch| patch.version).collect(), page.snapshot, page.more)
    }

    #[tokio::test]
    async fn a_base_that_is_not_current_is_a_conflict() {
        let (_dir, state) = state_with(2).await;
        for base in [0, 1, 3, u64::MAX] {
            let new = NewPatch { pn: 7, collection: "regular".into(), base, device: 1, patch: "p".into() };
            assert_eq!(state.append_patch(new).await.expect("append"), Appended::Conflict(2));
        }
        assert_eq!(state.app_state_versions(7).await.expect("versions"), [("regular".to_owned(), 2)]);
    }

    #[tokio::test]
    async fn parts_follow_each_other_to_the_end() {
        let (_dir, state) = state_with(5).await;
        assert_eq!(page(&state, 0, true, 2).await, (vec![1, 2], None, true));
        assert_eq!(page(&state, 4, false, 2).await, (vec![5], None, false));
        assert_eq!(page(&state, 5, false, 2).await, (vec![], None, false));
        assert_eq!(page(&state, u64::MAX, false, 2).await, (vec![], None, false));
    }

    #[tokio::test]
    async fn a_snapshot_leads_when_it_is_wanted_or_patches_are_gone() {
        let (_dir, state) = state_with(6).await;
        let save =
            |version, name: &'static str| state.save_snapshot(7, "regular".into(), version, name.into());
        save(3, "three").await.expect("snapshot");
        assert_eq!(page(&state, 0, true, 9).await, (vec![4, 5, 6], Some("three".into()), false));
        assert_eq!(page(&state, 0, false, 9).await, (vec![1, 2, 3, 4, 5, 6], None, false));

        save(5, "five").await.expect("snapshot");
        save(4, "four").await.expect("an older one changes nothing");
        // the patches up to the snapshot before are gone
        assert_eq!(page(&state, 1, false, 9).await, (vec![6], Some("five".into()), false));
        assert_eq!(page(&state, 3, false, 9).await, (vec![4, 5, 6], None, false));
        assert_eq!(page(&state, 6, true, 9).await, (vec![6], Some("five".into()), false));
    }
}
