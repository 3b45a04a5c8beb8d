//! Reading, typing, presence, and what a phone does by itself.

use std::time::Duration;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::super::account::Phone;
use super::super::behaviour::ReadBehaviour;
use super::super::store::StoredMessage;
use super::super::{Contact, Simulated};
use super::message::Outgoing;
use super::stanza::receipt;
use crate::ports::PortResult;

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
            let author = (message.chat_jid != bare(&message.sender_jid)).then_some(message.sender_jid);
            match groups.iter_mut().find(|(chat, by, _)| *chat == message.chat_jid && *by == author) {
                Some((_, _, ids)) => ids.push(message.id),
                None => groups.push((message.chat_jid, author, vec![message.id])),
            }
        }
        for (chat, author, ids) in groups {
            for ids in ids.chunks(IDS_PER_RECEIPT) {
                let node = read_receipt(self.now(), &chat, author.as_deref(), ids)?;
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

    /// Automatic reading and the scripted answer to a message shown for the first time.
    pub(in super::super) async fn react(&self, phone: &Phone, id: &str, chat: &Contact, text: Option<&str>) {
        let settings = phone.settings();
        let read_after = match settings.read {
            ReadBehaviour::Never => None,
            ReadBehaviour::Immediately => Some(0),
            ReadBehaviour::AfterMs(ms) => Some(u64::from(ms)),
        };
        if let Some(ms) = read_after {
            self.clock.sleep(Duration::from_millis(ms)).await;
            if let Err(error) = self.read_one(phone, id).await {
                tracing::warn!(pn = phone.pn(), id, %error, "phone could not mark a message as read");
            }
        }
        let Some(answer) = text.and_then(|text| settings.script.answer(id, text)) else { return };
        let outgoing = Outgoing { to: chat.pn.clone(), text: Some(answer), ..Outgoing::default() };
        if let Err(error) = self.send_scripted(phone.pn(), outgoing).await {
            tracing::warn!(pn = phone.pn(), id, %error, "phone could not send its scripted answer");
        }
    }

    async fn read_one(&self, phone: &Phone, id: &str) -> PortResult<()> {
        let message = self.message(phone.pn(), id).await?;
        self.read(phone, vec![message]).await.map(|_| ())
    }
}

/// A JID's text without its device part.
fn bare(jid: &str) -> String {
    jid.parse::<Jid>().map_or_else(|_| jid.to_owned(), |jid| jid.to_non_ad().to_string())
}

fn read_receipt(now: i64, chat: &str, author: Option<&str>, ids: &[String]) -> anyhow::Result<Node> {
    let (first, rest) = ids.split_first().ok_or_else(|| anyhow::anyhow!("a read receipt names a message"))?;
    let chat: Jid = chat.parse()?;
    let mut node = receipt(&chat, first, Some("read")).attr("t", now);
    if let Some(author) = author {
        node = node.attr("participant", author.parse::<Jid>()?);
    }
    if rest.is_empty() {
        return Ok(node.build());
    }
    let items = rest.iter().map(|id| NodeBuilder::new("item").attr("id", id.as_str()).build());
    Ok(node.children([NodeBuilder::new("list").children(items).build()]).build())
}
