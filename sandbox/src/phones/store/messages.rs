//! Messages: written once per (chat, sender, id), then only their status moves, forward.

use sqlx::Row;

use super::super::content::Content;
use super::views::{Direction, Status};
use super::{Store, Tx};

/// A message about to be stored.
#[derive(Debug, Clone)]
pub(in super::super) struct NewMessage {
    /// Peer's number, or the JID of a group.
    pub(in super::super) chat: String,
    /// Chat as receipts address it.
    pub(in super::super) chat_jid: String,
    pub(in super::super) sender: String,
    pub(in super::super) sender_lid: Option<String>,
    /// Sending device as the stanza named it.
    pub(in super::super) sender_jid: String,
    pub(in super::super) recipient: String,
    pub(in super::super) recipient_lid: Option<String>,
    pub(in super::super) id: String,
    pub(in super::super) direction: Direction,
    pub(in super::super) content: Content,
    /// Protobuf of the message, unpadded.
    pub(in super::super) raw: Vec<u8>,
    /// Unix seconds.
    pub(in super::super) time: i64,
    pub(in super::super) status: Status,
}

/// What storing an incoming message did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Inserted {
    New,
    /// It had been undecryptable before.
    Repaired,
    /// Shown already; only the count went up.
    Duplicate,
}

/// What recording an undecryptable message did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Undecryptable {
    /// The how-manieth failure of this message it is, from 1.
    Failure(u32),
    /// The message is shown already.
    Duplicate,
}

impl NewMessage {
    /// Stores a message that the phone sends, unless it has stored it before a stop.
    pub(in super::super) async fn store_sent(&self, tx: &mut Tx, pn: &str) -> anyhow::Result<()> {
        self.insert(tx, pn, 0, 0).await.map(drop)
    }

    /// Stores the message, repairs it, or counts a duplicate; `now` in unix milliseconds.
    pub(in super::super) async fn store(&self, tx: &mut Tx, pn: &str, now: u64) -> anyhow::Result<Inserted> {
        if self.insert(tx, pn, 0, 0).await? {
            return Ok(Inserted::New);
        }
        if self.repair(tx, pn).await? {
            return Ok(Inserted::Repaired);
        }
        self.count_duplicate(tx, pn, now).await?;
        Ok(Inserted::Duplicate)
    }

    /// Records a failed decryption.
    pub(in super::super) async fn store_undecryptable(
        &self,
        tx: &mut Tx,
        pn: &str,
        now: u64,
    ) -> anyhow::Result<Undecryptable> {
        if self.insert(tx, pn, 1, 1).await? {
            return Ok(Undecryptable::Failure(1));
        }
        let row = sqlx::query(
            "UPDATE messages SET retries = retries + 1 \
             WHERE pn = ? AND chat = ? AND sender = ? AND id = ? AND undecryptable = 1 RETURNING retries",
        )
        .bind(pn)
        .bind(&self.chat)
        .bind(&self.sender)
        .bind(&self.id)
        .fetch_optional(&mut **tx)
        .await?;
        if let Some(row) = row {
            return Ok(Undecryptable::Failure(u32::try_from(row.try_get::<i64, _>("retries")?)?));
        }
        self.count_duplicate(tx, pn, now).await?;
        Ok(Undecryptable::Duplicate)
    }

    async fn insert(&self, tx: &mut Tx, pn: &str, undecryptable: i64, retries: i64) -> anyhow::Result<bool> {
        let done = sqlx::query(
            "INSERT INTO messages (pn, chat, chat_jid, sender, sender_lid, sender_jid, recipient, recipient_lid, id, \
             direction, kind, target, sealed, content, raw, time, status, undecryptable, retries, position) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
             1 + COALESCE((SELECT position FROM messages WHERE pn = ?1 AND chat = ?2 ORDER BY seq DESC LIMIT 1), 0)) \
             ON CONFLICT (pn, chat, sender, id) DO NOTHING",
        )
        .bind(pn)
        .bind(&self.chat)
        .bind(&self.chat_jid)
        .bind(&self.sender)
        .bind(&self.sender_lid)
        .bind(&self.sender_jid)
        .bind(&self.recipient)
        .bind(&self.recipient_lid)
        .bind(&self.id)
        .bind(self.direction.column())
        .bind(&self.content.kind)
        .bind(self.content.target())
        .bind(self.content.sealed)
        .bind(serde_json::to_string(&self.content)?)
        .bind(&self.raw)
        .bind(self.time)
        .bind(self.status.column())
        .bind(undecryptable)
        .bind(retries)
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn repair(&self, tx: &mut Tx, pn: &str) -> anyhow::Result<bool> {
        let done = sqlx::query(
            "UPDATE messages SET kind = ?, target = ?, sealed = ?, content = ?, raw = ?, status = ?, \
             direction = ?, undecryptable = 0 \
             WHERE pn = ? AND chat = ? AND sender = ? AND id = ? AND undecryptable = 1",
        )
        .bind(&self.content.kind)
        .bind(self.content.target())
        .bind(self.content.sealed)
        .bind(serde_json::to_string(&self.content)?)
        .bind(&self.raw)
        .bind(self.status.column())
        .bind(self.direction.column())
        .bind(pn)
        .bind(&self.chat)
        .bind(&self.sender)
        .bind(&self.id)
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn count_duplicate(&self, tx: &mut Tx, pn: &str, now: u64) -> anyhow::Result<()> {
        let row = sqlx::query(
            "UPDATE messages SET duplicates = duplicates + 1 \
             WHERE pn = ? AND chat = ? AND sender = ? AND id = ? RETURNING seq",
        )
        .bind(pn)
        .bind(&self.chat)
        .bind(&self.sender)
        .bind(&self.id)
        .fetch_optional(&mut **tx)
        .await?;
        match row {
            Some(row) => note_duplicate(tx, row.try_get("seq")?, now).await,
            None => Ok(()),
        }
    }
}

async fn note_duplicate(tx: &mut Tx, seq: i64, now: u64) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO duplicates (message, arrived) VALUES (?, ?)")
        .bind(seq)
        .bind(now.cast_signed())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

impl Store {
    /// An act has been opened.
    pub(in super::super) async fn unseal(&self, seq: i64, content: &Content) -> anyhow::Result<()> {
        sqlx::query("UPDATE messages SET sealed = 0, content = ? WHERE seq = ?")
            .bind(serde_json::to_string(content)?)
            .bind(seq)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Counts one more stanza of a message that was seen before; `now` in unix milliseconds.
    pub(in super::super) async fn count_duplicate(
        &self,
        pn: &str,
        sender: &str,
        id: &str,
        now: u64,
    ) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        let rows = sqlx::query(
            "UPDATE messages SET duplicates = duplicates + 1 WHERE pn = ? AND sender = ? AND id = ? RETURNING seq",
        )
        .bind(pn)
        .bind(sender)
        .bind(id)
        .fetch_all(&mut *tx)
        .await?;
        for row in rows {
            note_duplicate(&mut tx, row.try_get("seq")?, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The network has accepted a message.
    pub(in super::super) async fn accept_sent(&self, pn: &str, id: &str) -> anyhow::Result<()> {
        sqlx::query(
            "UPDATE messages SET status = MAX(status, ?) WHERE pn = ? AND id = ? AND direction = 'out'",
        )
        .bind(Status::Sent.column())
        .bind(pn)
        .bind(id)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// A send was refused by the network with this code.
    pub(in super::super) async fn fail_sent(&self, pn: &str, id: &str, error: i64) -> anyhow::Result<()> {
        sqlx::query(
            "UPDATE messages SET status = MAX(status, ?), error = ? WHERE pn = ? AND id = ? AND direction = 'out'",
        )
        .bind(Status::Failed.column())
        .bind(error)
        .bind(pn)
        .bind(id)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// Marks incoming messages as read on this phone; answers those that were not yet.
    pub(in super::super) async fn mark_read(&self, pn: &str, ids: &[String]) -> anyhow::Result<Vec<String>> {
        let mut changed = Vec::new();
        for id in ids {
            let done = sqlx::query(
                "UPDATE messages SET status = ?1 WHERE pn = ?2 AND id = ?3 AND direction = 'in' AND status < ?1 \
                 AND undecryptable = 0",
            )
            .bind(Status::Read.column())
            .bind(pn)
            .bind(id)
            .execute(&self.write)
            .await?;
            if done.rows_affected() > 0 {
                changed.push(id.clone());
            }
        }
        Ok(changed)
    }

    /// Marks an incoming message as played; false when it was before.
    pub(in super::super) async fn mark_played(&self, pn: &str, id: &str) -> anyhow::Result<bool> {
        let done = sqlx::query(
            "UPDATE messages SET status = ?1 WHERE pn = ?2 AND id = ?3 AND direction = 'in' AND status < ?1",
        )
        .bind(Status::Played.column())
        .bind(pn)
        .bind(id)
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() > 0)
    }
}
