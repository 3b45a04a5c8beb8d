//! Incoming messages of all phones.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::super::content::Content;
use super::super::inbox::{InboxEntry, InboxFilter, InboxTotals};
use super::{Page, Store};

/// Times of duplicates that are listed per message.
const TIMES: usize = 100;

const ALL: &str = "SELECT seq, pn, chat, position, sender, id, content, time, undecryptable, retries, duplicates \
    FROM messages WHERE direction = 'in' AND seq > ? ORDER BY seq LIMIT ?";
const FLAWED: &str = "SELECT seq, pn, chat, position, sender, id, content, time, undecryptable, retries, duplicates \
    FROM messages WHERE direction = 'in' AND (duplicates > 0 OR retries > 0) AND seq > ? ORDER BY seq LIMIT ?";

impl Store {
    pub(in super::super) async fn inbox_of_all(
        &self,
        after: i64,
        limit: u32,
        filter: InboxFilter,
    ) -> anyhow::Result<Page<InboxEntry>> {
        let query = match filter {
            InboxFilter::All => sqlx::query(ALL),
            InboxFilter::Flawed => sqlx::query(FLAWED),
        };
        let rows = query.bind(after).bind(i64::from(limit) + 1).fetch_all(&self.read).await?;
        let mut entries = rows.iter().map(entry_from).collect::<anyhow::Result<Vec<_>>>()?;
        let doubled = entries.iter().filter(|entry| entry.duplicates > 0).map(|entry| entry.seq).collect();
        let mut times = self.duplicate_times(doubled).await?;
        for entry in &mut entries {
            entry.duplicate_times = times.remove(&entry.seq).unwrap_or_default();
        }
        Ok(Page::cut(entries, limit, |entry| entry.seq.to_string()))
    }

    /// When duplicates of these messages came.
    async fn duplicate_times(&self, seqs: Vec<i64>) -> anyhow::Result<HashMap<i64, Vec<i64>>> {
        let mut times: HashMap<i64, Vec<i64>> = HashMap::new();
        if seqs.is_empty() {
            return Ok(times);
        }
        let rows = sqlx::query(
            "SELECT message, arrived FROM duplicates WHERE message IN (SELECT value FROM json_each(?)) ORDER BY rowid",
        )
        .bind(serde_json::to_string(&seqs)?)
        .fetch_all(&self.read)
        .await?;
        for row in rows {
            let of_message = times.entry(row.try_get("message")?).or_default();
            if of_message.len() < TIMES {
                of_message.push(row.try_get("arrived")?);
            }
        }
        Ok(times)
    }

    pub(in super::super) async fn inbox_totals(&self) -> anyhow::Result<InboxTotals> {
        let all = sqlx::query(
            "SELECT COUNT(*) AS messages, COALESCE(MAX(seq), 0) AS last FROM messages WHERE direction = 'in'",
        )
        .fetch_one(&self.read)
        .await?;
        let flawed = sqlx::query(
            "SELECT COALESCE(SUM(duplicates), 0) AS duplicates, \
             COUNT(*) FILTER (WHERE undecryptable = 1) AS undecryptable, \
             COUNT(*) FILTER (WHERE undecryptable = 0 AND retries > 0) AS repaired \
             FROM messages WHERE direction = 'in' AND (duplicates > 0 OR retries > 0)",
        )
        .fetch_one(&self.read)
        .await?;
        let undecryptable: i64 = flawed.try_get("undecryptable")?;
        Ok(InboxTotals {
            messages: all.try_get::<i64, _>("messages")? - undecryptable,
            duplicates: flawed.try_get("duplicates")?,
            undecryptable,
            repaired: flawed.try_get("repaired")?,
            last_seq: all.try_get("last")?,
        })
    }
}

fn entry_from(row: &SqliteRow) -> anyhow::Result<InboxEntry> {
    let content: Content = serde_json::from_str(row.try_get("content")?)?;
    Ok(InboxEntry {
        seq: row.try_get("seq")?,
        phone: row.try_get("pn")?,
        chat: row.try_get("chat")?,
        position: row.try_get("position")?,
        from: row.try_get("sender")?,
        id: row.try_get("id")?,
        r#type: content.kind,
        text: content.text,
        time: row.try_get("time")?,
        undecryptable: row.try_get("undecryptable")?,
        retries: row.try_get("retries")?,
        duplicates: row.try_get("duplicates")?,
        duplicate_times: Vec::new(),
    })
}
