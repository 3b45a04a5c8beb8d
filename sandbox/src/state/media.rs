//! Index of media objects; the bytes are files.

use anyhow::Result;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};

use super::State;

/// A stored object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaRow {
    /// base64url (no padding) of the SHA-256 of the encrypted file.
    pub(crate) token: String,
    /// Last part of the upload path, such as `image`.
    pub(crate) kind: String,
    /// Bytes of the encrypted file.
    pub(crate) size: u64,
    /// How often it was uploaded again after it had expired; an address is good for one of them.
    pub(crate) generation: u32,
    /// Whether clients are told that it is gone. The file stays: it is also the copy that phones
    /// keep of what they have sent and seen.
    pub(crate) expired: bool,
}

/// An object whose file is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewMedia {
    pub(crate) token: String,
    pub(crate) kind: String,
    pub(crate) size: u64,
    /// Unix seconds.
    pub(crate) stored_at: u64,
}

impl State {
    /// Finds an object.
    pub(crate) async fn media(&self, token: &str) -> Result<Option<MediaRow>> {
        let row = query("SELECT token, kind, size, generation, expired FROM media WHERE token = ?")
            .bind(token)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(media))
    }

    /// Adds an object; one that had expired is back under another address.
    pub(crate) async fn add_media(&self, new: NewMedia) -> Result<MediaRow> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let row = query(
                        "INSERT INTO media (token, kind, size, stored_at) VALUES (?, ?, ?, ?) \
                         ON CONFLICT (token) DO UPDATE SET generation = generation + expired, expired = 0 \
                         RETURNING token, kind, size, generation, expired",
                    )
                    .bind(new.token)
                    .bind(new.kind)
                    .bind(new.size.cast_signed())
                    .bind(new.stored_at.cast_signed())
                    .fetch_one(connection)
                    .await?;
                    Ok(media(&row))
                })
            })
            .await
    }

    /// Brings an object back under another address; one that has not expired keeps its own.
    /// `None` when there is no such object.
    pub(crate) async fn renew_media(&self, token: String) -> Result<Option<MediaRow>> {
        self.change_media(
            token,
            "UPDATE media SET generation = generation + expired, expired = 0 WHERE token = ? \
             RETURNING token, kind, size, generation, expired",
        )
        .await
    }

    /// Lets an object expire; `None` when there is no such object.
    pub(crate) async fn expire_media(&self, token: String) -> Result<Option<MediaRow>> {
        self.change_media(
            token,
            "UPDATE media SET expired = 1 WHERE token = ? RETURNING token, kind, size, generation, expired",
        )
        .await
    }

    async fn change_media(&self, token: String, sql: &'static str) -> Result<Option<MediaRow>> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let row = query(sql).bind(token).fetch_optional(connection).await?;
                    Ok(row.as_ref().map(media))
                })
            })
            .await
    }
}

fn media(row: &SqliteRow) -> MediaRow {
    MediaRow {
        token: row.get(0),
        kind: row.get(1),
        size: row.get::<i64, _>(2).cast_unsigned(),
        generation: row.get(3),
        expired: row.get(4),
    }
}
