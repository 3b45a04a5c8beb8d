//! Calls of phones, as their call lists show them.

use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use utoipa::ToSchema;

use super::Store;
use super::views::Direction;

/// Calls; those that an earlier process left open have ended with it.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    pn TEXT NOT NULL,
    id TEXT NOT NULL,
    direction TEXT NOT NULL,
    peer TEXT NOT NULL,
    device TEXT NOT NULL,
    creator TEXT NOT NULL,
    group_jid TEXT,
    video INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    began INTEGER NOT NULL,
    answered INTEGER,
    ended INTEGER,
    UNIQUE (pn, id)
);
UPDATE calls SET state = 'ended', reason = 'interrupted', ended = began WHERE state IN ('ringing', 'accepted');
";

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Nobody has answered yet.
    Ringing,
    /// Under way.
    Accepted,
    /// Declined.
    Rejected,
    /// Over.
    Ended,
}

const STATES: [(CallState, &str); 4] = [
    (CallState::Ringing, "ringing"),
    (CallState::Accepted, "accepted"),
    (CallState::Rejected, "rejected"),
    (CallState::Ended, "ended"),
];

impl CallState {
    fn column(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).map_or("ended", |(_, name)| name)
    }

    fn from_column(column: &str) -> Self {
        STATES.iter().find(|(_, name)| *name == column).map_or(Self::Ended, |(state, _)| *state)
    }
}

/// A call as a phone shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// `call-id` on the wire.
    pub id: String,
    /// Who called.
    pub direction: Direction,
    /// The other side's number, digits.
    pub peer: String,
    /// JID of the group it belongs to.
    pub group: Option<String>,
    /// Whether it is a video call.
    pub video: bool,
    /// How far it has come.
    pub state: CallState,
    /// Why it is over: `timeout`, `cancelled`, `hung_up`, `accepted_elsewhere`, `refused`, …
    pub reason: Option<String>,
    /// Unix seconds.
    pub began: i64,
    /// Unix seconds.
    pub answered: Option<i64>,
    /// Unix seconds.
    pub ended: Option<i64>,
    /// The other side as it is addressed: the device once one is known.
    pub(in super::super) device: String,
    /// The device that calls.
    pub(in super::super) creator: String,
}

/// A step of a call.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct CallStep<'a> {
    pub(in super::super) reason: Option<&'a str>,
    /// The device of the other side that took it.
    pub(in super::super) device: Option<String>,
    /// Unix seconds.
    pub(in super::super) at: i64,
}

impl Store {
    /// Adds a call that rings; false when it is known.
    pub(in super::super) async fn add_call(&self, pn: &str, call: &CallRecord) -> anyhow::Result<bool> {
        let done = sqlx::query(
            "INSERT OR IGNORE INTO calls (pn, id, direction, peer, device, creator, group_jid, video, state, began) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(pn)
        .bind(&call.id)
        .bind(call.direction.column())
        .bind(&call.peer)
        .bind(&call.device)
        .bind(&call.creator)
        .bind(&call.group)
        .bind(call.video)
        .bind(call.state.column())
        .bind(call.began)
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Moves a call forward: from ringing to any state, from accepted to ended. False when it is
    /// not there to be moved.
    pub(in super::super) async fn advance_call(
        &self,
        pn: &str,
        id: &str,
        state: CallState,
        step: CallStep<'_>,
    ) -> anyhow::Result<bool> {
        let accepted = state == CallState::Accepted;
        let done = sqlx::query(
            "UPDATE calls SET state = ?1, reason = ?2, device = coalesce(?3, device), \
             answered = CASE WHEN ?4 THEN ?5 ELSE answered END, ended = CASE WHEN ?4 THEN NULL ELSE ?5 END \
             WHERE pn = ?6 AND id = ?7 AND (state = 'ringing' OR (state = 'accepted' AND ?1 = 'ended'))",
        )
        .bind(state.column())
        .bind(step.reason)
        .bind(step.device)
        .bind(accepted)
        .bind(step.at)
        .bind(pn)
        .bind(id)
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// A call of a phone.
    pub(in super::super) async fn call(&self, pn: &str, id: &str) -> anyhow::Result<Option<CallRecord>> {
        let row = sqlx::query("SELECT * FROM calls WHERE pn = ? AND id = ?")
            .bind(pn)
            .bind(id)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(record).transpose()
    }

    /// Calls of a phone, newest first.
    pub(in super::super) async fn calls(&self, pn: &str) -> anyhow::Result<Vec<CallRecord>> {
        let rows = sqlx::query("SELECT * FROM calls WHERE pn = ? ORDER BY seq DESC LIMIT 1000")
            .bind(pn)
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(record).collect()
    }
}

fn record(row: &SqliteRow) -> anyhow::Result<CallRecord> {
    Ok(CallRecord {
        id: row.try_get("id")?,
        direction: Direction::from_column(row.try_get("direction")?),
        peer: row.try_get("peer")?,
        group: row.try_get("group_jid")?,
        video: row.try_get("video")?,
        state: CallState::from_column(row.try_get("state")?),
        reason: row.try_get("reason")?,
        began: row.try_get("began")?,
        answered: row.try_get("answered")?,
        ended: row.try_get("ended")?,
        device: row.try_get("device")?,
        creator: row.try_get("creator")?,
    })
}
