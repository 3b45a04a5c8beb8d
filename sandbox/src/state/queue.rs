//! Queues of devices: rows in order of acceptance.

use std::collections::HashMap;

use anyhow::Result;
use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, query};

use super::State;
use super::entry::{DeviceKey, Placed};

/// A stanza waiting for a device.
#[derive(Debug, Clone)]
pub(crate) struct Queued {
    pub(crate) seq: i64,
    pub(crate) stanza: Bytes,
}

const SELECT: &str =
    "SELECT seq, stanza FROM queue WHERE pn = ? AND device = ? AND seq > ? ORDER BY seq LIMIT ?";

pub(super) async fn last_seq(connection: &mut SqliteConnection) -> Result<i64> {
    // Numbers need not be remembered past an empty queue: no cursor outlives the process.
    let highest: Option<i64> = query("SELECT max(seq) FROM queue").fetch_one(connection).await?.get(0);
    Ok(highest.unwrap_or(0))
}

/// Cuts a slice into pieces whose lengths are powers of two, so that the statements made
/// from them are few enough to stay prepared.
pub(super) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    const LARGEST: usize = 128;
    std::iter::from_fn(move || {
        let length = match rows.len() {
            0 => return None,
            n if n >= LARGEST => LARGEST,
            n => 1 << n.ilog2(),
        };
        let (piece, rest) = rows.split_at(length);
        rows = rest;
        Some(piece)
    })
}

pub(super) async fn insert(connection: &mut SqliteConnection, rows: &[Placed]) -> Result<()> {
    for piece in pieces(rows) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO queue (seq, pn, device, stanza) ");
        insert.push_values(piece, |mut row, placed| {
            row.push_bind(placed.seq)
                .push_bind(placed.target.pn.cast_signed())
                .push_bind(placed.target.device)
                .push_bind(&placed.stanza[..]);
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn remove(connection: &mut SqliteConnection, seqs: &[i64]) -> Result<()> {
    for piece in pieces(seqs) {
        let mut delete = QueryBuilder::<Sqlite>::new("DELETE FROM queue WHERE seq IN (");
        let mut list = delete.separated(",");
        for seq in piece {
            list.push_bind(*seq);
        }
        delete.push(")");
        delete.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn load(
    connection: &mut SqliteConnection,
    device: DeviceKey,
    after: i64,
) -> Result<Vec<Queued>> {
    let rows = query(SELECT)
        .bind(device.pn.cast_signed())
        .bind(device.device)
        .bind(after)
        .bind(i64::MAX)
        .fetch_all(connection)
        .await?;
    Ok(rows.iter().map(queued).collect())
}

pub(super) async fn trim(connection: &mut SqliteConnection, device: DeviceKey, limit: u32) -> Result<u64> {
    let sql = "DELETE FROM queue WHERE pn = ?1 AND device = ?2 AND seq <= \
               (SELECT seq FROM queue WHERE pn = ?1 AND device = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3)";
    let done =
        query(sql).bind(device.pn.cast_signed()).bind(device.device).bind(limit).execute(connection).await?;
    Ok(done.rows_affected())
}

/// How many stanzas each queue holds; empty queues are left out.
pub(super) async fn lengths(connection: &mut SqliteConnection) -> Result<HashMap<DeviceKey, u32>> {
    let rows =
        query("SELECT pn, device, count(*) FROM queue GROUP BY pn, device").fetch_all(connection).await?;
    let length = |row: &SqliteRow| {
        (DeviceKey { pn: row.get::<i64, _>(0).cast_unsigned(), device: row.get(1) }, row.get(2))
    };
    Ok(rows.iter().map(length).collect())
}

/// How many stanzas a queue holds.
pub(super) async fn length(connection: &mut SqliteConnection, device: DeviceKey) -> Result<u32> {
    let row = query("SELECT count(*) FROM queue WHERE pn = ? AND device = ?")
        .bind(device.pn.cast_signed())
        .bind(device.device)
        .fetch_one(connection)
        .await?;
    Ok(row.get(0))
}

fn queued(row: &SqliteRow) -> Queued {
    Queued { seq: row.get(0), stanza: Bytes::from(row.get::<Vec<u8>, _>(1)) }
}

impl State {
    /// The next stanzas of a queue, as committed.
    pub(crate) async fn peek_queue(&self, device: DeviceKey, after: i64, limit: i64) -> Result<Vec<Queued>> {
        let rows = query(SELECT)
            .bind(device.pn.cast_signed())
            .bind(device.device)
            .bind(after)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(queued).collect())
    }

    /// Accounts whose phone has stanzas waiting.
    pub(crate) async fn waiting_phones(&self) -> Result<Vec<u64>> {
        let rows = query("SELECT DISTINCT pn FROM queue WHERE device = 0").fetch_all(&self.readers).await?;
        Ok(rows.iter().map(|row| row.get::<i64, _>(0).cast_unsigned()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_every_row_once_in_order() {
        for length in [0, 1, 2, 3, 127, 128, 129, 300] {
            let rows: Vec<usize> = (0..length).collect();
            let sizes: Vec<usize> = pieces(&rows).map(<[usize]>::len).collect();
            assert!(sizes.iter().all(|size| size.is_power_of_two()), "{sizes:?}");
            let joined: Vec<usize> = pieces(&rows).flatten().copied().collect();
            assert_eq!(joined, rows);
        }
    }
}
