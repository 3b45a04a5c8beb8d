//! Reading, typing, presence, and what a phone does by itself.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::super::Simulated;
use super::super::account::Phone;
use super::super::content::MediaKind;
use super::super::store::{Direction, StoredMessage};
use super::stanza::receipt;
use crate::ports::{PortError, PortResult};

/// Ids in one receipt, as clients cap it.
const IDS_PER_RECEIPT: usize = 256;

impl Simulated {
    /// Marks every unread message of a chat as read and tells the senders; answers their ids.
    ///
    /// # Errors
    /// `NotFound` when the phone does not exist.
    pub async fn read_chat(&self, pn: &str, chat: &str) -> PortResult<Vec<String>> {
        let phone = self.phone(pn).await?;
        let unread = self.store.unread(phone.pn(), &self.chat_key(chat).await?).await?;
        self.read(&phone, unread).await
    }

    async fn read(&self, phone: &Phone, unread: Vec<StoredMessage>) -> PortResult<Vec<String>> {
        let ids: Vec<String> = unread.iter().map(|message| message.id.clone()).collect();
        let changed = self.store.mark_read(phone.pn(), &ids).await?;
        let mut groups: Vec<(String, Option<String>, Vec<String>)> = Vec::new();
        for message in unread.into_iter().filter(|message| changed.contains(&message.id)) {
            let author = author_of(&message).map(ToOwned::to_owned);
            match groups.iter_mut().find(|(chat, by, _)| *chat == message.chat_jid && *by == author) {
                Some((_, _, ids)) => ids.push(message.id),
                None => groups.push((message.chat_jid, author, vec![message.id])),
            }
        }
        for (chat, author, ids) in groups {
            for ids in ids.chunks(IDS_PER_RECEIPT) {
                let node = plain_receipt(self.now(), "read", &chat, author.as_deref(), ids)?;
                self.network()?.submit(phone.pn(), node).await?;
            }
        }
        Ok(changed)
    }

    /// Shows "typing" (or "recording" for `audio`) in a chat, or ends it.
    ///
    /// # Errors
    /// `NotFound` when the phone does not exist.
    pub async fn type_in(&self, pn: &str, chat: &str, composing: bool, audio: bool) -> PortResult<()> {
        let phone = self.phone(pn).await?;
        let state = match (composing, audio) {
            (false, _) => NodeBuilder::new("paused"),
            (true, false) => NodeBuilder::new("composing"),
            (true, true) => NodeBuilder::new("composing").attr("media", "audio"),
        };
        let chat = self.chat_key(chat).await?;
        let to = if chat.contains('@') {
            chat.parse::<Jid>().map_err(anyhow::Error::from)?
        } else {
            Jid::pn(chat)
        };
        let node = NodeBuilder::new("chatstate").attr("to", to).children([state.build()]).build();
        self.network()?.submit(phone.pn(), node).await?;
        Ok(())
    }

    /// Goes online or offline.
    ///
    /// # Errors
    /// `NotFound` when the phone does not exist.
    pub async fn set_presence(&self, pn: &str, available: bool) -> PortResult<()> {
        let phone = self.phone(pn).await?;
        let node = NodeBuilder::new("presence")
            .attr("type", if available { "available" } else { "unavailable" })
            .attr("name", phone.push_name())
            .build();
        self.network()?.submit(phone.pn(), node).await?;
        Ok(())
    }

    /// Marks one message as read and tells its sender; false when it was read before.
    ///
    /// # Errors
    /// `NotFound` when the phone or the message does not exist.
    pub async fn read_message(&self, pn: &str, id: &str) -> PortResult<bool> {
        let phone = self.phone(pn).await?;
        let message = self.message(phone.pn(), id).await?;
        Ok(!self.read(&phone, vec![message]).await?.is_empty())
    }

    /// Plays a voice note, or opens a message that can be opened once, and tells its sender.
    ///
    /// # Errors
    /// `NotFound` when the phone or the message does not exist, `Refused` when there is nothing
    /// to play or the message is the phone's own.
    pub async fn play(&self, pn: &str, id: &str) -> PortResult<()> {
        let phone = self.phone(pn).await?;
        let message = self.message(phone.pn(), id).await?;
        let heard = message.media.as_ref().is_some_and(|media| {
            matches!(
                media.kind,
                MediaKind::Audio | MediaKind::Voice | MediaKind::Video | MediaKind::VideoNote
            )
        });
        if message.direction != Direction::In || !(heard || message.traits.view_once) {
            return Err(PortError::Refused(format!("message {id} cannot be played")));
        }
        self.read(&phone, vec![message.clone()]).await?;
        if self.store.mark_played(phone.pn(), id).await? {
            let author = author_of(&message);
            let ids = std::slice::from_ref(&message.id);
            let node = plain_receipt(self.now(), "played", &message.chat_jid, author, ids)?;
            self.network()?.submit(phone.pn(), node).await?;
        }
        Ok(())
    }
}

/// The device that wrote a message, where a receipt has to name it: in groups.
fn author_of(message: &StoredMessage) -> Option<&str> {
    (message.chat_jid != bare(&message.sender_jid)).then_some(message.sender_jid.as_str())
}

/// A JID's text without its device part.
fn bare(jid: &str) -> String {
    jid.parse::<Jid>().map_or_else(|_| jid.to_owned(), |jid| jid.to_non_ad().to_string())
}

/// A receipt for some messages of one author.
fn plain_receipt(
    now: i64,
    kind: &'static str,
    chat: &str,
    author: Option<&str>,
    ids: &[String],
) -> anyhow::Result<Node> {
    let (first, rest) = ids.split_first().ok_or_else(|| anyhow::anyhow!("a receipt names a message"))?;
    let chat: Jid = chat.parse()?;
    let mut node = receipt(&chat, first, Some(kind)).attr("t", now);
    if let Some(author) = author {
        node = node.attr("participant", author.parse::<Jid>()?);
    }
    if rest.is_empty() {
        return Ok(node.build());
    }
    let items = rest.iter().map(|id| NodeBuilder::new("item").attr("id", id.as_str()).build());
    Ok(node.children([NodeBuilder::new("list").children(items).build()]).build())
}
