//! Reading a chat backwards.

use sqlx::Row;

use super::super::store::{Store, StoredMessage, message_from};

/// A place in a chat's past: time in unix seconds, and order among messages of that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) time: i64,
    pub(super) seq: i64,
}

impl Place {
    /// Behind everything.
    pub(super) const END: Self = Self { time: i64::MAX, seq: i64::MAX };

    pub(super) fn of(message: &StoredMessage) -> Self {
        Self { time: message.time, seq: message.seq }
    }
}

/// A stretch of a chat: from this unix time up to a place, which is not part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch<'a> {
    pub(super) chat: &'a str,
    pub(super) since: i64,
    pub(super) before: Place,
}

/// What is a message of its own: not an act on another, not a setting, not a failure.
const SHOWN: &str = "FROM messages WHERE pn = ?1 AND chat = ?2 AND time >= ?3 \
                     AND (time < ?4 OR (time = ?4 AND seq < ?5)) AND target IS NULL \
                     AND kind <> 'ephemeral_setting' AND direction <> 'peer' AND undecryptable = 0";

impl Store {
    /// The newest messages of a stretch, newest first, as later ones have changed them.
    pub(super) async fn past(
        &self,
        pn: &str,
        stretch: Stretch<'_>,
        limit: u32,
    ) -> anyhow::Result<Vec<StoredMessage>> {
        let sql = format!("SELECT * {SHOWN} ORDER BY time DESC, seq DESC LIMIT ?6");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(pn)
            .bind(stretch.chat)
            .bind(stretch.since)
            .bind(stretch.before.time)
            .bind(stretch.before.seq)
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        let mut messages = rows.iter().map(message_from).collect::<anyhow::Result<Vec<_>>>()?;
        self.apply_acts(pn, &mut messages).await?;
        Ok(messages)
    }

    /// Messages in a stretch.
    pub(super) async fn count_past(&self, pn: &str, stretch: Stretch<'_>) -> anyhow::Result<u64> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) AS n {SHOWN}")))
            .bind(pn)
            .bind(stretch.chat)
            .bind(stretch.since)
            .bind(stretch.before.time)
            .bind(stretch.before.seq)
            .fetch_one(&self.read)
            .await?;
        Ok(row.try_get::<i64, _>("n")?.cast_unsigned())
    }

    /// Numbers of everyone who stands in a phone's chats.
    pub(super) async fn people(&self, pn: &str) -> anyhow::Result<Vec<String>> {
        let rows = sqlx::query(
            "SELECT sender AS number FROM messages WHERE pn = ?1 AND direction = 'in' \
             UNION SELECT chat FROM messages WHERE pn = ?1 AND direction <> 'peer' AND chat NOT LIKE '%@%'",
        )
        .bind(pn)
        .fetch_all(&self.read)
        .await?;
        Ok(rows.iter().map(|row| row.try_get("number")).collect::<Result<_, _>>()?)
    }
}
