//! Reading messages back.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::super::acts::{Act, Acts};
use super::super::content::Content;
use super::Store;
use super::views::{ChatSummary, Direction, Page, Status, StoredMessage};

const NEWEST_FIRST_BY_ID: &str = "SELECT * FROM messages WHERE pn = ? AND id = ? ORDER BY seq DESC LIMIT 1";

impl Store {
    /// The message of this id as it was sent, whatever its chat.
    pub(in super::super) async fn message(
        &self,
        pn: &str,
        id: &str,
    ) -> anyhow::Result<Option<StoredMessage>> {
        sqlx::query(NEWEST_FIRST_BY_ID)
            .bind(pn)
            .bind(id)
            .fetch_optional(&self.read)
            .await?
            .map(|row| message_from(&row))
            .transpose()
    }

    /// The message of this id in a chat, as it was sent.
    pub(in super::super) async fn message_in(
        &self,
        pn: &str,
        chat: &str,
        id: &str,
    ) -> anyhow::Result<Option<StoredMessage>> {
        sqlx::query("SELECT * FROM messages WHERE pn = ? AND id = ? AND chat = ? ORDER BY seq LIMIT 1")
            .bind(pn)
            .bind(id)
            .bind(chat)
            .fetch_optional(&self.read)
            .await?
            .map(|row| message_from(&row))
            .transpose()
    }

    /// Acts on a message that wait for its secret.
    pub(in super::super) async fn sealed_acts(
        &self,
        pn: &str,
        target: &str,
    ) -> anyhow::Result<Vec<StoredMessage>> {
        sqlx::query("SELECT * FROM messages WHERE pn = ? AND target = ? AND sealed = 1 ORDER BY seq")
            .bind(pn)
            .bind(target)
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(message_from)
            .collect()
    }

    /// Messages of one chat, oldest first, after `cursor`.
    pub(in super::super) async fn messages(
        &self,
        pn: &str,
        chat: &str,
        cursor: i64,
        limit: u32,
    ) -> anyhow::Result<Page<StoredMessage>> {
        let rows = sqlx::query(
            "SELECT * FROM messages WHERE pn = ?1 AND chat = ?2 AND seq > ?3 AND direction <> 'peer' \
             ORDER BY seq LIMIT ?4",
        )
        .bind(pn)
        .bind(chat)
        .bind(cursor)
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.read)
        .await?;
        page_of(&rows, limit)
    }

    /// Incoming messages, oldest first, after `cursor`.
    pub(in super::super) async fn inbox(
        &self,
        pn: &str,
        cursor: i64,
        limit: u32,
    ) -> anyhow::Result<Page<StoredMessage>> {
        let rows = sqlx::query(
            "SELECT * FROM messages WHERE pn = ? AND seq > ? AND direction = 'in' ORDER BY seq LIMIT ?",
        )
        .bind(pn)
        .bind(cursor)
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.read)
        .await?;
        page_of(&rows, limit)
    }

    /// Shows messages of one phone as later ones have changed them.
    pub(in super::super) async fn apply_acts(
        &self,
        pn: &str,
        messages: &mut [StoredMessage],
    ) -> anyhow::Result<()> {
        let ids = serde_json::to_string(&messages.iter().map(|message| &message.id).collect::<Vec<_>>())?;
        let rows = sqlx::query(
            "SELECT chat, target, sender, content FROM messages \
             WHERE pn = ? AND target IN (SELECT value FROM json_each(?)) AND undecryptable = 0 ORDER BY seq",
        )
        .bind(pn)
        .bind(ids)
        .fetch_all(&self.read)
        .await?;
        let mut acts: HashMap<(String, String), Vec<Act>> = HashMap::new();
        for row in &rows {
            let content: Content = serde_json::from_str(row.try_get("content")?)?;
            let Some(body) = content.body.filter(|_| !content.sealed) else { continue };
            let act = Act { by: row.try_get("sender")?, body };
            acts.entry((row.try_get("chat")?, row.try_get("target")?)).or_default().push(act);
        }
        for message in messages {
            if let Some(acts) = acts.remove(&(message.chat.clone(), message.id.clone())) {
                message.apply(acts);
            }
        }
        Ok(())
    }

    /// Lifetime of messages of a chat in seconds, as somebody has set it; 0 for ever.
    pub(in super::super) async fn chat_lifetime(&self, pn: &str, chat: &str) -> anyhow::Result<u32> {
        let row = sqlx::query(
            "SELECT content FROM messages WHERE pn = ? AND chat = ? AND kind = 'ephemeral_setting' \
             ORDER BY seq DESC LIMIT 1",
        )
        .bind(pn)
        .bind(chat)
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(0) };
        let content: Content = serde_json::from_str(row.try_get("content")?)?;
        Ok(content.lifetime().unwrap_or_default())
    }

    /// Incoming messages of a chat that are not marked as read.
    pub(in super::super) async fn unread(&self, pn: &str, chat: &str) -> anyhow::Result<Vec<StoredMessage>> {
        // literals, so that the partial index of the unread applies
        sqlx::query(
            "SELECT * FROM messages WHERE pn = ? AND chat = ? AND direction = 'in' AND status < 4 \
             AND undecryptable = 0 AND target IS NULL ORDER BY seq",
        )
        .bind(pn)
        .bind(chat)
        .fetch_all(&self.read)
        .await?
        .iter()
        .map(message_from)
        .collect()
    }

    /// Chats, the one with the newest message first.
    pub(in super::super) async fn chats(&self, pn: &str) -> anyhow::Result<Vec<ChatSummary>> {
        let rows = sqlx::query(
            "SELECT chat, COUNT(*) AS messages, MAX(time) AS last, \
             COUNT(*) FILTER (WHERE direction = 'in' AND status < ? AND target IS NULL) AS unread \
             FROM messages WHERE pn = ? AND direction <> 'peer' GROUP BY chat ORDER BY MAX(seq) DESC",
        )
        .bind(Status::Read.column())
        .bind(pn)
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(ChatSummary {
                    chat: row.try_get("chat")?,
                    messages: row.try_get("messages")?,
                    unread: row.try_get("unread")?,
                    last: row.try_get("last")?,
                })
            })
            .collect()
    }
}

fn page_of(rows: &[SqliteRow], limit: u32) -> anyhow::Result<Page<StoredMessage>> {
    let messages = rows.iter().map(message_from).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Page::cut(messages, limit, |message| message.seq.to_string()))
}

pub(in super::super) fn message_from(row: &SqliteRow) -> anyhow::Result<StoredMessage> {
    let content: Content = serde_json::from_str(row.try_get("content")?)?;
    Ok(StoredMessage {
        seq: row.try_get("seq")?,
        position: row.try_get("position")?,
        id: row.try_get("id")?,
        chat: row.try_get("chat")?,
        direction: Direction::from_column(row.try_get("direction")?),
        from: (row.try_get("sender")?, row.try_get("sender_lid")?),
        to: (row.try_get("recipient")?, row.try_get("recipient_lid")?),
        kind: content.kind,
        text: content.text,
        quoted: content.quoted,
        mentions: content.mentions,
        media: content.media,
        body: content.body,
        traits: content.traits,
        acts: Acts::default(),
        time: row.try_get("time")?,
        status: Status::from_column(row.try_get("status")?),
        error: row.try_get("error")?,
        duplicates: row.try_get("duplicates")?,
        undecryptable: row.try_get("undecryptable")?,
        retries: row.try_get("retries")?,
        chat_jid: row.try_get("chat_jid")?,
        sender_jid: row.try_get("sender_jid")?,
        raw: row.try_get("raw")?,
    })
}
