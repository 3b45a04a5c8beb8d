//! Messages that do something to an earlier one: edits, deletions, reactions, votes.

use wacore::{
    proto_helpers::MessageExt,
    types::message::{MessageCategory, MessageInfo},
};
use wacore_binary::Jid;
use wagate_domain::{
    ContactIds, Timestamp,
    events::{Actor, EventData, Target},
    messages::Content,
};
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type;

use super::{Own, address_of, kinds};

/// What a message does to an earlier one; `None` when it stands for itself, or does not say to which one.
///
/// `contact` is what is known of the other person, `vote` what a poll vote was opened to.
pub(crate) fn act(
    wire: &wa::Message,
    info: &MessageInfo,
    own: &Own,
    contact: &ContactIds,
    vote: Option<&[String]>,
) -> Option<EventData> {
    if info.category == MessageCategory::Peer {
        return None;
    }
    let base = wire.get_base_message();
    let envelope = Envelope { info, own, contact };
    let (by, at) = (envelope.actor(), Timestamp::from_millis(info.timestamp.timestamp_millis()));
    if let Some(reaction) = base.reaction_message.as_option() {
        let target = envelope.target(reaction.key.as_option()?)?;
        let emoji = reaction.text.clone().filter(|emoji| !emoji.is_empty());
        return Some(EventData::MessageReaction { target, by, emoji, at });
    }
    if let Some(update) = base.poll_update_message.as_option() {
        let target = envelope.target(update.poll_creation_message_key.as_option()?)?;
        return Some(EventData::PollVote { target, by, options: vote?.to_vec(), at });
    }
    let protocol = base.protocol_message.as_option()?;
    let target = envelope.target(protocol.key.as_option()?)?;
    match protocol.r#type {
        Some(Type::REVOKE) => Some(EventData::MessageDeleted { target, by, for_everyone: true, at }),
        Some(Type::MESSAGE_EDIT) => {
            let content = edited(protocol.edited_message.as_option()?);
            // only who wrote it can edit it, whatever the key says
            let target = Target { from_me: info.source.is_from_me, ..target };
            Some(EventData::MessageUpdated { target, by, content, at })
        }
        _ => None,
    }
}

/// What was written anew: the text, or the text below a file, which stays.
fn edited(message: &wa::Message) -> Content {
    let base = message.get_base_message();
    match base.text_content().or_else(|| base.get_caption()) {
        Some(body) => Content::Text { body: body.to_owned() },
        None => Content::Other { what: kinds::name_of(base).to_owned() },
    }
}

struct Envelope<'a> {
    info: &'a MessageInfo,
    own: &'a Own,
    contact: &'a ContactIds,
}

impl Envelope<'_> {
    fn actor(&self) -> Actor {
        let from_me = self.info.source.is_from_me;
        Actor { from_me, contact: if from_me { self.own.ids() } else { self.contact.clone() } }
    }

    /// The message that a key names. Keys are written from the view of whoever acts.
    fn target(&self, key: &wa::MessageKey) -> Option<Target> {
        let chat = address_of(&self.info.source.chat)?;
        let stanza_id = key.id.clone().filter(|id| !id.is_empty())?;
        let acts_on_own = key.from_me == Some(true);
        let from_me = if self.info.source.is_from_me {
            acts_on_own
        } else if chat.is_person() {
            // between two, what is not the other one's is ours
            !acts_on_own
        } else {
            !acts_on_own && self.wrote(key)
        };
        let contact = if chat.is_person() { self.contact.clone() } else { ContactIds::default() };
        Some(Target { chat, contact, stanza_id, from_me })
    }

    /// Whether the linked account is named as the author.
    fn wrote(&self, key: &wa::MessageKey) -> bool {
        let author = key.participant.as_deref().and_then(|jid| jid.parse::<Jid>().ok());
        author.and_then(|jid| address_of(&jid)).is_some_and(|author| self.own.is(&author))
    }
}

#[cfg(test)]
#[path = "act_tests.rs"]
mod tests;
