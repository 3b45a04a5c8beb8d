//! Messages as history carries them.

use std::collections::{HashMap, HashSet};

use wacore_binary::Jid;
use waproto::whatsapp as wa;
use waproto::whatsapp::web_message_info::{Status as WebStatus, StubType};

use super::super::Simulated;
use super::super::account::Phone;
use super::super::store::{Direction, Status, StoredMessage};
use crate::ports::PortResult;

/// Somebody who stands in a phone's chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) lid: String,
    pub(super) push_name: String,
}

/// Whom and what messages refer to.
#[derive(Debug, Default)]
pub(in super::super) struct Book {
    own: String,
    /// By number.
    pub(super) people: HashMap<String, Person>,
    /// Ids of starred messages.
    pub(super) starred: HashSet<String>,
}

impl Simulated {
    /// Everyone in the phone's chats, and what is starred.
    pub(in super::super) async fn book(&self, phone: &Phone) -> PortResult<Book> {
        let mut book = Book { own: phone.info.pn.clone(), ..Book::default() };
        for number in self.store.people(phone.pn()).await? {
            if let Some(known) = self.find_phone(&number).await? {
                let person = Person { lid: known.info.lid.clone(), push_name: known.push_name() };
                book.people.insert(number, person);
            }
        }
        let starred = self.app_state(phone.pn()).await?.starred;
        book.starred = starred.into_iter().map(|message| message.id).collect();
        Ok(book)
    }
}

impl Book {
    /// A message with its key, its status and what others did to it.
    pub(in super::super) fn web_message(
        &self,
        message: &StoredMessage,
    ) -> anyhow::Result<wa::WebMessageInfo> {
        let from_me = message.direction == Direction::Out;
        let group = message.chat.contains('@');
        let author: Option<Jid> = message.sender_jid.parse().ok();
        let author = author.filter(|_| group && !from_me).map(|jid| jid.to_non_ad().to_string());
        let revoked = message.acts.revoked.is_some();
        let content = (!revoked && !message.undecryptable).then(|| content_of(message)).transpose()?;
        let secret = content.as_ref().and_then(|content| content.message_context_info.message_secret.clone());
        Ok(wa::WebMessageInfo {
            key: wa::MessageKey {
                remote_jid: Some(chat_jid(&message.chat)),
                from_me: Some(from_me),
                id: Some(message.id.clone()),
                participant: author.clone(),
            }
            .into(),
            message: content.into(),
            message_timestamp: Some(message.time.cast_unsigned()),
            status: Some(web_status(message.status)),
            participant: author,
            push_name: self.people.get(&message.from.0).map(|person| person.push_name.clone()),
            starred: self.starred.contains(&message.id).then_some(true),
            message_stub_type: revoked.then_some(StubType::REVOKE),
            reactions: self.reactions(message, group),
            message_secret: secret,
            ..Default::default()
        })
    }

    fn reactions(&self, message: &StoredMessage, group: bool) -> Vec<wa::Reaction> {
        let reaction = |by: &str, emoji: &str| {
            let own = by == self.own;
            wa::Reaction {
                key: wa::MessageKey {
                    remote_jid: Some(chat_jid(&message.chat)),
                    from_me: Some(own),
                    id: Some(message.id.clone()),
                    participant: (group && !own).then(|| Jid::pn(by).to_string()),
                }
                .into(),
                text: Some(emoji.to_owned()),
                sender_timestamp_ms: Some(message.time * 1000),
                ..Default::default()
            }
        };
        message.acts.reactions.iter().map(|act| reaction(&act.by, &act.emoji)).collect()
    }
}

/// JID of a chat named by its storage key.
pub(super) fn chat_jid(chat: &str) -> String {
    if chat.contains('@') { chat.to_owned() } else { Jid::pn(chat).to_string() }
}

/// What a message says, with its last text.
fn content_of(message: &StoredMessage) -> anyhow::Result<wa::Message> {
    let mut content = waproto::codec::message_decode(&message.raw)?;
    if message.acts.earlier_texts.is_empty() {
        return Ok(content);
    }
    let text = message.text.clone();
    if content.conversation.is_some() {
        content.conversation = text;
    } else if let Some(part) = content.extended_text_message.as_option_mut() {
        part.text = text;
    } else if let Some(part) = content.image_message.as_option_mut() {
        part.caption = text;
    } else if let Some(part) = content.video_message.as_option_mut() {
        part.caption = text;
    } else if let Some(part) = content.document_message.as_option_mut() {
        part.caption = text;
    }
    Ok(content)
}

fn web_status(status: Status) -> WebStatus {
    match status {
        Status::Pending => WebStatus::PENDING,
        Status::Failed => WebStatus::ERROR,
        Status::Sent => WebStatus::SERVER_ACK,
        Status::Delivered => WebStatus::DELIVERY_ACK,
        Status::Read => WebStatus::READ,
        Status::Played => WebStatus::PLAYED,
    }
}
