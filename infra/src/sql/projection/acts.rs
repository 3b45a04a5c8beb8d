//! What people do to messages, chats, groups and each other: told, and noted on what it is about.

use wagate_domain::{
    Address, ContactIds,
    events::{ContactRef, Event, EventData, MessageRef, Target, ToldData},
    messages::{Direction, Message},
    ports::PortResult,
};

use super::{record::Record, sighting::Sighting};
use crate::sql::rows::{contact, parse};

impl Record {
    /// What is told and changes at most the message it is about.
    pub(super) fn apply_other(&mut self, event: &Event) -> PortResult<()> {
        let told = match &event.data {
            EventData::SessionOffer(pairing) => ToldData::SessionQr(pairing.clone()),
            EventData::MessageUpdated { target, by, content, at } => {
                let message = self.target(event, target)?;
                let Some(id) = message.id else { return Ok(()) };
                if !self.messages.update(&id.to_string(), content, *at)? {
                    return Ok(());
                }
                ToldData::MessageUpdated { message, by: by.clone(), content: content.clone() }
            }
            EventData::MessageDeleted { target, by, for_everyone, at } => {
                let message = self.target(event, target)?;
                if let Some(id) = message.id
                    && !self.messages.delete(&id.to_string(), *at)?
                {
                    return Ok(());
                }
                ToldData::MessageDeleted { message, by: by.clone(), for_everyone: *for_everyone }
            }
            EventData::MessageReaction { target, by, emoji, .. } => ToldData::MessageReaction {
                message: self.target(event, target)?,
                by: by.clone(),
                emoji: emoji.clone(),
            },
            EventData::PollVote { target, by, options, .. } => ToldData::PollVote {
                message: self.target(event, target)?,
                by: by.clone(),
                options: options.clone(),
            },
            EventData::GroupChanged { group, by, change, .. } => {
                if !self.is_news_of_chat(event) {
                    return Ok(());
                }
                self.chats.group(event, &group.to_string(), change);
                ToldData::Group { group: group.clone(), by: by.clone(), change: change.clone() }
            }
            EventData::PresenceSeen { chat, presence, last_seen, .. } => ToldData::PresenceUpdate {
                chat: chat.clone(),
                contact: self.seen(event)?,
                presence: *presence,
                last_seen: *last_seen,
            },
            EventData::ChatChanged { chat, change, .. } => {
                if !self.is_news_of_chat(event) {
                    return Ok(());
                }
                self.change_chat(event, chat, change)?;
                ToldData::Chat { chat: chat.clone(), contact: self.seen(event)?, change: change.clone() }
            }
            EventData::CallSeen(call) => ToldData::Call { call: call.clone(), contact: self.seen(event)? },
            EventData::HistoryProgress(progress) => ToldData::HistoryProgress(*progress),
            _ => return Ok(()),
        };
        self.telling.tell(event, told);
        Ok(())
    }

    /// The message that an event is about, as far as the record knows it.
    fn target(&mut self, event: &Event, target: &Target) -> PortResult<MessageRef> {
        let contact = self.seen(event)?;
        let chat_key = contact.id.map_or_else(|| target.chat.to_string(), |id| id.to_string());
        let row = self.messages.standing(&event.session.to_string(), target, &chat_key);
        if let Some(id) = row.map(|row| row.id.clone())
            && let Some(message) = self.message(&id)?
        {
            return Ok(named(message));
        }
        Ok(MessageRef {
            id: None,
            stanza_id: target.stanza_id.clone(),
            chat: target.chat.clone(),
            contact,
            from_me: target.from_me,
            campaign: None,
        })
    }

    /// Whom an event shows, as far as the record knows them; nobody is made or changed by it.
    fn seen(&mut self, event: &Event) -> PortResult<ContactRef> {
        let Some(mut seen) = Sighting::of(event) else { return Ok(ContactRef::default()) };
        seen.creates = false;
        let shown = ContactIds { pn: seen.pn.clone(), lid: seen.lid.clone() };
        let id = self.contacts.resolve(&seen, true);
        match id.and_then(|id| self.contacts.get(&id)) {
            Some(row) => known(row),
            None => Ok(ContactRef { id: None, ids: shown, push_name: None }),
        }
    }
}

pub(super) fn known(row: &contact::Model) -> PortResult<ContactRef> {
    Ok(ContactRef {
        id: Some(parse("contact id", &row.id)?),
        ids: ContactIds { pn: row.pn.clone(), lid: row.lid.clone() },
        push_name: row.push_name.clone(),
    })
}

pub(super) fn named(message: Message) -> MessageRef {
    let is_person = Address::is_person(&message.chat);
    let ids = if is_person { message.contact } else { ContactIds::default() };
    MessageRef {
        id: Some(message.id),
        stanza_id: message.stanza_id,
        contact: ContactRef { id: message.contact_id, ids, push_name: None },
        chat: message.chat,
        from_me: message.direction == Direction::Out,
        campaign: message.campaign,
    }
}
