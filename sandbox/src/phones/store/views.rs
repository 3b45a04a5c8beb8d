//! Reading messages back.

use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use utoipa::ToSchema;

use super::super::behaviour::{ReadBehaviour, Script};
use super::super::content::Media;
use super::Store;

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To this account.
    In,
    /// From this account, by the phone or by one of its companions.
    Out,
    /// Between the phone and a companion; never shown.
    Peer,
}

/// How far a message has come. Only ever moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Stored, not yet accepted by the network.
    Pending,
    /// Refused by the network.
    Failed,
    /// Accepted by the network; for an incoming message: arrived, but not decrypted.
    Sent,
    /// Decrypted by the recipient.
    Delivered,
    /// Read by the recipient.
    Read,
    /// Played by the recipient.
    Played,
}

const STATUSES: [Status; 6] =
    [Status::Pending, Status::Failed, Status::Sent, Status::Delivered, Status::Read, Status::Played];

impl Direction {
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Peer => "peer",
        }
    }

    fn from_column(column: &str) -> Self {
        match column {
            "in" => Self::In,
            "out" => Self::Out,
            _ => Self::Peer,
        }
    }
}

impl Status {
    pub(super) fn column(self) -> i64 {
        STATUSES.iter().position(|status| *status == self).map_or(0, |at| at as i64)
    }

    fn from_column(column: i64) -> Self {
        usize::try_from(column).ok().and_then(|at| STATUSES.get(at)).copied().unwrap_or(Self::Pending)
    }
}

/// Some items and where to go on.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Cursor of the last item when there are more.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts one item too many off and remembers that there was one.
    pub(super) fn cut(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// A phone as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneSummary {
    /// Phone number, digits.
    pub pn: String,
    /// LID, digits.
    pub lid: String,
    /// Push name.
    pub push_name: String,
    /// Whether the number exists for the network.
    pub on_whatsapp: bool,
    /// Whether the phone acknowledges messages without opening them.
    pub sink: bool,
    /// When the phone reads by itself.
    pub read: ReadBehaviour,
    /// What the phone answers by itself.
    pub script: Script,
}

/// A chat of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatSummary {
    /// Peer's number, or the JID of a group.
    pub chat: String,
    /// Messages in it.
    pub messages: i64,
    /// Incoming messages not marked as read.
    pub unread: i64,
    /// Unix seconds of the newest message.
    pub last: i64,
}

/// A message as the phone has it.
#[derive(Debug, Clone)]
pub struct StoredMessage {
    /// Order in which the phone saw it.
    pub seq: i64,
    /// Stanza id.
    pub id: String,
    /// Peer's number, or the JID of a group.
    pub chat: String,
    /// Which way it went.
    pub direction: Direction,
    /// Author: number and LID digits.
    pub from: (String, Option<String>),
    /// Recipient: number and LID digits; a group's JID for groups.
    pub to: (String, Option<String>),
    /// `text`, `image`, `reaction`, …
    pub kind: String,
    /// Text or caption.
    pub text: Option<String>,
    /// Id of the message this one answers, reacts to, edits or revokes.
    pub quoted: Option<String>,
    /// Mentioned JIDs.
    pub mentions: Vec<String>,
    /// The attached file.
    pub media: Option<Media>,
    /// Unix seconds.
    pub time: i64,
    /// How far it came.
    pub status: Status,
    /// The network's refusal code.
    pub error: Option<i64>,
    /// Stanzas with this id beyond the first shown.
    pub duplicates: i64,
    /// True while no stanza of this message could be decrypted.
    pub undecryptable: bool,
    pub(in super::super) chat_jid: String,
    pub(in super::super) sender_jid: String,
    pub(in super::super) raw: Vec<u8>,
}

const NEWEST_FIRST_BY_ID: &str = "SELECT * FROM messages WHERE pn = ? AND id = ? ORDER BY seq DESC LIMIT 1";

impl Store {
    /// The message of this id, whatever its chat.
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

    /// Incoming messages of a chat that are not marked as read.
    pub(in super::super) async fn unread(&self, pn: &str, chat: &str) -> anyhow::Result<Vec<StoredMessage>> {
        // literals, so that the partial index of the unread applies
        sqlx::query(
            "SELECT * FROM messages WHERE pn = ? AND chat = ? AND direction = 'in' AND status < 4 \
             AND undecryptable = 0 ORDER BY seq",
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
             COUNT(*) FILTER (WHERE direction = 'in' AND status < ?) AS unread \
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

fn message_from(row: &SqliteRow) -> anyhow::Result<StoredMessage> {
    let media: Option<&str> = row.try_get("media")?;
    Ok(StoredMessage {
        seq: row.try_get("seq")?,
        id: row.try_get("id")?,
        chat: row.try_get("chat")?,
        direction: Direction::from_column(row.try_get("direction")?),
        from: (row.try_get("sender")?, row.try_get("sender_lid")?),
        to: (row.try_get("recipient")?, row.try_get("recipient_lid")?),
        kind: row.try_get("kind")?,
        text: row.try_get("body")?,
        quoted: row.try_get("quoted")?,
        mentions: serde_json::from_str(row.try_get("mentions")?)?,
        media: media.map(serde_json::from_str).transpose()?,
        time: row.try_get("time")?,
        status: Status::from_column(row.try_get("status")?),
        error: row.try_get("error")?,
        duplicates: row.try_get("duplicates")?,
        undecryptable: row.try_get("undecryptable")?,
        chat_jid: row.try_get("chat_jid")?,
        sender_jid: row.try_get("sender_jid")?,
        raw: row.try_get("raw")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_survive_their_column_and_read_is_the_one_in_the_schema() {
        for status in STATUSES {
            assert_eq!(Status::from_column(status.column()), status);
        }
        assert_eq!(Status::Read.column(), 4);
    }
}
