//! What a phone's companions did wrong or complained about: errors of a client that a test looks for.

use serde::Serialize;
use sqlx::Row;
use utoipa::ToSchema;

use super::super::Simulated;
use super::super::store::{Page, Store, Tx};
use crate::ports::PortResult;

/// Which rule a companion has broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientErrorKind {
    /// Its app-state patch does not hold: a MAC, a version, a key, a collection is wrong.
    AppStatePatch,
    /// It told the phone that it cannot go on with some collections.
    AppStateFatal,
    /// Its request for media again cannot be opened with the key of that media.
    MediaRetry,
}

const KINDS: [(ClientErrorKind, &str); 3] = [
    (ClientErrorKind::AppStatePatch, "app_state_patch"),
    (ClientErrorKind::AppStateFatal, "app_state_fatal"),
    (ClientErrorKind::MediaRetry, "media_retry"),
];

impl ClientErrorKind {
    fn column(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("app_state_patch", |(_, name)| name)
    }

    fn from_column(column: &str) -> Self {
        KINDS.iter().find(|(_, name)| *name == column).map_or(Self::AppStatePatch, |(kind, _)| *kind)
    }
}

/// Something that a companion did wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientError {
    /// Order in which the phone noticed.
    pub seq: i64,
    /// Device id of the companion.
    pub device: u16,
    /// Which rule it has broken.
    pub kind: ClientErrorKind,
    /// What exactly.
    pub detail: String,
    /// Unix seconds.
    pub time: i64,
}

/// An error about to be kept.
pub(in super::super) struct NewClientError<'a> {
    /// The account.
    pub(in super::super) pn: &'a str,
    /// Device id of the companion.
    pub(in super::super) device: u16,
    pub(in super::super) kind: ClientErrorKind,
    pub(in super::super) detail: String,
    /// Unix seconds.
    pub(in super::super) time: i64,
}

impl NewClientError<'_> {
    /// Keeps the error and logs it.
    pub(in super::super) async fn keep(&self, store: &Store) -> anyhow::Result<()> {
        let mut tx = store.begin().await?;
        self.keep_in(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps the error, in the caller's transaction, and logs it.
    pub(super) async fn keep_in(&self, tx: &mut Tx) -> anyhow::Result<()> {
        let kind = self.kind.column();
        tracing::error!(self.pn, self.device, kind, self.detail, "a companion is in error");
        sqlx::query("INSERT INTO client_errors (pn, device, kind, detail, time) VALUES (?, ?, ?, ?, ?)")
            .bind(self.pn)
            .bind(self.device)
            .bind(kind)
            .bind(&self.detail)
            .bind(self.time)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

impl Simulated {
    /// What the phone's companions did wrong, oldest first, after `cursor`.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn client_errors(&self, pn: &str, cursor: i64, limit: u32) -> PortResult<Page<ClientError>> {
        let phone = self.phone(pn).await?;
        let rows = sqlx::query("SELECT * FROM client_errors WHERE pn = ? AND seq > ? ORDER BY seq LIMIT ?")
            .bind(phone.pn())
            .bind(cursor)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.store.read)
            .await
            .map_err(anyhow::Error::from)?;
        let errors = rows.iter().map(client_error).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Page::cut(errors, limit, |error| error.seq.to_string()))
    }
}

fn client_error(row: &sqlx::sqlite::SqliteRow) -> anyhow::Result<ClientError> {
    Ok(ClientError {
        seq: row.try_get("seq")?,
        device: row.try_get("device")?,
        kind: ClientErrorKind::from_column(row.try_get("kind")?),
        detail: row.try_get("detail")?,
        time: row.try_get("time")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_survive_their_column() {
        for (kind, _) in KINDS {
            assert_eq!(ClientErrorKind::from_column(kind.column()), kind);
        }
    }
}
