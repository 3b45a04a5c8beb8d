//! What a user does to an earlier message: react, edit, delete, pin, vote.

use wacore::event::encrypt_event_response_with_secret;
use wacore::poll::{compute_option_hash, encrypt_poll_vote_with_secret};
use wacore::proto_helpers::{build_keep_in_chat_message, build_reaction_message};
use wacore::types::message::AddressingMode;
use wacore_binary::Jid;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::pin_in_chat_message::Type as PinType;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::content::{Attendance, Body, Edit, EventResponse, Pin, PollVote, Revoke};
use super::super::store::StoredMessage;
use super::message::Chat;
use crate::ports::{PortError, PortResult};

/// How long a message is pinned unless told otherwise, in seconds.
const PINNED: u32 = 7 * 24 * 3600;

impl Chat {
    /// The author of a message in the addressing of the chat.
    pub(super) fn author(&self, phone: &Phone, message: &StoredMessage) -> Jid {
        let (pn, lid) = &message.from;
        match (self.mode, lid) {
            (AddressingMode::Lid, Some(lid)) => Jid::lid(lid.as_str()),
            (AddressingMode::Lid, None) if phone.is_own(pn) => Jid::lid(phone.info.lid.as_str()),
            _ => Jid::pn(pn.as_str()),
        }
    }

    /// How an act names a message.
    pub(super) fn key_of(&self, phone: &Phone, message: &StoredMessage) -> wa::MessageKey {
        let own = phone.is_own(&message.from.0);
        wa::MessageKey {
            remote_jid: Some(self.jid.to_string()),
            from_me: Some(own),
            id: Some(message.id.clone()),
            participant: self.is_group().then(|| self.author(phone, message).to_string()),
        }
    }

    /// This account in the addressing of the chat.
    fn own(&self, phone: &Phone) -> Jid {
        match self.mode {
            AddressingMode::Lid => Jid::lid(phone.info.lid.as_str()),
            AddressingMode::Pn => phone.jid(),
        }
    }
}

impl Simulated {
    /// The message of an act, and what it says in the clear.
    pub(super) async fn compose_act(
        &self,
        phone: &Phone,
        to: &Chat,
        act: &Body,
    ) -> PortResult<(wa::Message, Body)> {
        let target = self.in_chat(phone, to, act.target().unwrap_or_default()).await?;
        let key = to.key_of(phone, &target);
        let own = phone.is_own(&target.from.0);
        let now = self.clock.unix_millis().cast_signed();
        let mut shown = act.clone();
        let message = match &mut shown {
            Body::Reaction(act) => build_reaction_message(key, act.emoji.as_str(), now),
            Body::Keep(act) => build_keep_in_chat_message(key, act.kept, now),
            Body::Pin(act) => pin(key, act, now),
            Body::Edit(act) if own => edit(key, act, &target, now)?,
            Body::Edit(_) => return Err(refused("only an own message can be edited")),
            Body::Revoke(act) if own || to.is_group() => revoke(key, act, own),
            Body::Revoke(_) => return Err(refused("only an own message can be deleted for everyone")),
            Body::PollVote(act) => vote(key, act, &Sealing { phone, to, target: &target }, now)?,
            Body::EventResponse(act) => answer(key, act, &Sealing { phone, to, target: &target }, now)?,
            _ => return Err(refused("this is not an act")),
        };
        Ok((message, shown))
    }
}

fn refused(why: &str) -> PortError {
    PortError::Refused(why.to_owned())
}

fn pin(key: wa::MessageKey, act: &Pin, now: i64) -> wa::Message {
    let part = wa::message::PinInChatMessage {
        key: key.into(),
        r#type: Some(if act.pinned { PinType::PIN_FOR_ALL } else { PinType::UNPIN_FOR_ALL }),
        sender_timestamp_ms: Some(now),
    };
    let seconds = if act.pinned { act.seconds.unwrap_or(PINNED) } else { 0 };
    let context =
        wa::MessageContextInfo { message_add_on_duration_in_secs: Some(seconds), ..Default::default() };
    wa::Message {
        pin_in_chat_message: part.into(),
        message_context_info: context.into(),
        ..Default::default()
    }
}

/// The same message with another text.
fn edit(key: wa::MessageKey, act: &Edit, target: &StoredMessage, now: i64) -> PortResult<wa::Message> {
    let mut edited = waproto::codec::message_decode(&target.raw).map_err(anyhow::Error::from)?;
    edited.message_context_info.take();
    let text = Some(act.text.clone());
    if let Some(part) = edited.image_message.as_option_mut() {
        part.caption = text;
    } else if let Some(part) = edited.video_message.as_option_mut() {
        part.caption = text;
    } else if let Some(part) = edited.document_message.as_option_mut() {
        part.caption = text;
    } else if let Some(part) = edited.extended_text_message.as_option_mut() {
        part.text = text;
    } else if edited.conversation.is_some() {
        edited.conversation = text;
    } else {
        return Err(refused("only a text or a caption can be edited"));
    }
    let part = wa::message::ProtocolMessage {
        key: key.into(),
        r#type: Some(ProtocolType::MESSAGE_EDIT),
        edited_message: edited.into(),
        timestamp_ms: Some(now),
        ..Default::default()
    };
    Ok(wa::Message { protocol_message: part.into(), ..Default::default() })
}

fn revoke(mut key: wa::MessageKey, act: &mut Revoke, own: bool) -> wa::Message {
    act.by_admin = !own;
    if own {
        // clients name the author only when it is somebody else
        key.participant = None;
    }
    let part = wa::message::ProtocolMessage {
        key: key.into(),
        r#type: Some(ProtocolType::REVOKE),
        ..Default::default()
    };
    wa::Message { protocol_message: part.into(), ..Default::default() }
}

/// What an act is encrypted with: the secret of its target, author and actor.
struct Sealing<'a> {
    phone: &'a Phone,
    to: &'a Chat,
    target: &'a StoredMessage,
}

impl Sealing<'_> {
    fn secret(&self) -> PortResult<Vec<u8>> {
        let original = waproto::codec::message_decode(&self.target.raw).map_err(anyhow::Error::from)?;
        let secret = original.message_context_info.message_secret.clone();
        secret.ok_or_else(|| refused("the message came without a secret"))
    }

    /// Author of the target and actor, as both sides name them.
    fn parties(&self) -> (String, String) {
        (self.to.author(self.phone, self.target).to_string(), self.to.own(self.phone).to_string())
    }
}

fn vote(key: wa::MessageKey, act: &PollVote, sealing: &Sealing<'_>, now: i64) -> PortResult<wa::Message> {
    let Some(Body::Poll(poll)) = &sealing.target.body else { return Err(refused("this is not a poll")) };
    if let Some(strange) = act.options.iter().find(|option| !poll.options.contains(option)) {
        return Err(PortError::Refused(format!("the poll has no answer {strange:?}")));
    }
    let hashes: Vec<Vec<u8>> =
        act.options.iter().map(|option| compute_option_hash(option).to_vec()).collect();
    let (author, actor) = sealing.parties();
    let id = sealing.target.id.as_str();
    let (payload, iv) = encrypt_poll_vote_with_secret(&hashes, &sealing.secret()?, id, &author, &actor)?;
    let part = wa::message::PollUpdateMessage {
        poll_creation_message_key: key.into(),
        vote: wa::message::PollEncValue { enc_payload: Some(payload), enc_iv: Some(iv.to_vec()) }.into(),
        sender_timestamp_ms: Some(now),
        ..Default::default()
    };
    Ok(wa::Message { poll_update_message: part.into(), ..Default::default() })
}

fn answer(
    key: wa::MessageKey,
    act: &EventResponse,
    sealing: &Sealing<'_>,
    now: i64,
) -> PortResult<wa::Message> {
    let response = act.response.ok_or_else(|| refused("an answer to an event needs a response"))?;
    let response = wa::message::EventResponseMessage {
        response: Some(Attendance::write(response)),
        timestamp_ms: Some(now),
        ..Default::default()
    };
    let (author, actor) = sealing.parties();
    let id = sealing.target.id.as_str();
    let (payload, iv) =
        encrypt_event_response_with_secret(&response, &sealing.secret()?, id, &author, &actor)?;
    let part = wa::message::EncEventResponseMessage {
        event_creation_message_key: key.into(),
        enc_payload: Some(payload),
        enc_iv: Some(iv.to_vec()),
    };
    Ok(wa::Message { enc_event_response_message: part.into(), ..Default::default() })
}
