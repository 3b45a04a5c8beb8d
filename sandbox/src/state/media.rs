//! Index of media objects; the bytes are files.

use anyhow::Result;
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
}

impl State {
    /// Finds an object.
    pub(crate) async fn media(&self, token: &str) -> Result<Option<MediaRow>> {
        let row = query("SELECT kind, size FROM media WHERE token = ?")
            .bind(token)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| MediaRow {
            token: token.to_owned(),
            kind: row.get(0),
            size: row.get::<i64, _>(1).cast_unsigned(),
        }))
    }

    /// Adds an object whose file is complete.
    pub(crate) async fn add_media(&self, media: MediaRow, stored_at: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("INSERT OR IGNORE INTO media (token, kind, size, stored_at) VALUES (?, ?, ?, ?)")
                        .bind(media.token)
                        .bind(media.kind)
                        .bind(media.size.cast_signed())
                        .bind(stored_at.cast_signed())
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
