//! What a message says beyond text and file, sent and shown in the same form.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;

use super::act::{Edit, Keep, Pin, Reaction, Revoke};
use super::choice::{ButtonReply, InteractiveReply, ListReply, TemplateReply};
use super::contact::Contacts;
use super::event::{Event, EventResponse};
use super::menu::{Buttons, Interactive, List, Template};
use super::other::{Album, EphemeralSetting, GroupInvite, Unknown};
use super::place::{LiveLocation, Location};
use super::poll::{Poll, PollVote};

/// What a message says beyond text and file. An act names an earlier message of the chat in
/// `message`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A place.
    Location(Location),
    /// Where somebody is right now.
    LiveLocation(LiveLocation),
    /// Contact cards.
    Contact(Contacts),
    /// A poll.
    Poll(Poll),
    /// An event.
    Event(Event),
    /// A list to choose from.
    List(List),
    /// Text with buttons.
    Buttons(Buttons),
    /// A filled-in template.
    Template(Template),
    /// Native-flow buttons.
    Interactive(Interactive),
    /// A chosen row.
    ListReply(ListReply),
    /// A pressed button.
    ButtonReply(ButtonReply),
    /// A pressed button of a template.
    TemplateReply(TemplateReply),
    /// The answer of a native flow.
    InteractiveReply(InteractiveReply),
    /// An invitation into a group.
    GroupInvite(GroupInvite),
    /// The announcement of an album.
    Album(Album),
    /// Messages of the chat disappear from now on.
    EphemeralSetting(EphemeralSetting),
    /// Act: a reaction.
    Reaction(Reaction),
    /// Act: a new text.
    Edit(Edit),
    /// Act: deleted for everyone.
    Revoke(Revoke),
    /// Act: pinned.
    Pin(Pin),
    /// Act: kept.
    Keep(Keep),
    /// Act: a vote.
    PollVote(PollVote),
    /// Act: an answer to an event.
    EventResponse(EventResponse),
    /// None of the above.
    Unknown(Unknown),
}

impl Body {
    /// Name in `kind` columns and answers, the same as in its own JSON.
    pub(in super::super) fn name(&self) -> &'static str {
        match self {
            Self::Location(_) => "location",
            Self::LiveLocation(_) => "live_location",
            Self::Contact(_) => "contact",
            Self::Poll(_) => "poll",
            Self::Event(_) => "event",
            Self::List(_) => "list",
            Self::Buttons(_) => "buttons",
            Self::Template(_) => "template",
            Self::Interactive(_) => "interactive",
            Self::ListReply(_) => "list_reply",
            Self::ButtonReply(_) => "button_reply",
            Self::TemplateReply(_) => "template_reply",
            Self::InteractiveReply(_) => "interactive_reply",
            Self::GroupInvite(_) => "group_invite",
            Self::Album(_) => "album",
            Self::EphemeralSetting(_) => "ephemeral_setting",
            Self::Reaction(_) => "reaction",
            Self::Edit(_) => "edit",
            Self::Revoke(_) => "revoke",
            Self::Pin(_) => "pin",
            Self::Keep(_) => "keep",
            Self::PollVote(_) => "poll_vote",
            Self::EventResponse(_) => "event_response",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Id of the earlier message that an act is about.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        Some(match self {
            Self::Reaction(act) => &act.message,
            Self::Edit(act) => &act.message,
            Self::Revoke(act) => &act.message,
            Self::Pin(act) => &act.message,
            Self::Keep(act) => &act.message,
            Self::PollVote(act) => &act.message,
            Self::EventResponse(act) => &act.message,
            _ => return None,
        })
    }

    /// Points an act that names no message at this one.
    pub(in super::super) fn aim(&mut self, id: &str) {
        let target = match self {
            Self::Reaction(act) => &mut act.message,
            Self::Edit(act) => &mut act.message,
            Self::Revoke(act) => &mut act.message,
            Self::Pin(act) => &mut act.message,
            Self::Keep(act) => &mut act.message,
            Self::PollVote(act) => &mut act.message,
            Self::EventResponse(act) => &mut act.message,
            _ => return,
        };
        if target.is_empty() {
            id.clone_into(target);
        }
    }

    /// Its text, where it has one that is shown like a text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::LiveLocation(part) => part.caption.as_deref(),
            Self::Poll(part) => Some(&part.name),
            Self::Event(part) => Some(&part.name),
            Self::List(part) => part.text.as_deref(),
            Self::Buttons(part) => part.text.as_deref(),
            Self::Template(part) => part.text.as_deref(),
            Self::Interactive(part) => part.text.as_deref(),
            Self::ListReply(part) => part.title.as_deref(),
            Self::ButtonReply(part) => part.text.as_deref(),
            Self::TemplateReply(part) => part.text.as_deref(),
            Self::InteractiveReply(part) => part.text.as_deref(),
            Self::GroupInvite(part) => part.caption.as_deref(),
            Self::Reaction(act) => Some(&act.emoji),
            Self::Edit(act) => Some(&act.text),
            _ => None,
        }
    }

    /// Reads the parts of an unwrapped message that have a form here.
    pub(in super::super) fn read(message: &wa::Message) -> Option<Self> {
        Self::read_act(message).or_else(|| Self::read_choice(message)).or_else(|| Self::read_content(message))
    }

    fn read_content(message: &wa::Message) -> Option<Self> {
        if let Some(poll) = Poll::read(message) {
            return Some(Self::Poll(poll));
        }
        macro_rules! first {
            ($($field:ident => $read:expr),+ $(,)?) => {
                $(if let Some(part) = message.$field.as_option() {
                    return $read(part);
                })+
            };
        }
        first!(
            location_message => |part| Some(Self::Location(Location::read(part))),
            live_location_message => |part| Some(Self::LiveLocation(LiveLocation::read(part))),
            contact_message => |part| Some(Self::Contact(Contacts::one(part))),
            contacts_array_message => |part| Some(Self::Contact(Contacts::many(part))),
            event_message => |part| Some(Self::Event(Event::read(part))),
            list_message => |part| Some(Self::List(List::read(part))),
            buttons_message => |part| Some(Self::Buttons(Buttons::read(part))),
            template_message => |part| Some(Self::Template(Template::read(part))),
            interactive_message => |part| Interactive::read(part).map(Self::Interactive),
            group_invite_message => |part| Some(Self::GroupInvite(GroupInvite::read(part))),
            album_message => |part| Some(Self::Album(Album::read(part))),
        );
        None
    }

    fn read_choice(message: &wa::Message) -> Option<Self> {
        if let Some(part) = message.list_response_message.as_option() {
            return Some(Self::ListReply(ListReply::read(part)));
        }
        if let Some(part) = message.buttons_response_message.as_option() {
            return Some(Self::ButtonReply(ButtonReply::read(part)));
        }
        if let Some(part) = message.template_button_reply_message.as_option() {
            return Some(Self::TemplateReply(TemplateReply::read(part)));
        }
        let part = message.interactive_response_message.as_option()?;
        Some(Self::InteractiveReply(InteractiveReply::read(part)))
    }

    /// Acts; those that are encrypted with the secret of what they are about come out empty.
    fn read_act(message: &wa::Message) -> Option<Self> {
        let id = |key: &wa::MessageKey| key.id.clone().unwrap_or_default();
        if let Some(part) = message.reaction_message.as_option() {
            let emoji = part.text.clone().unwrap_or_default();
            return Some(Self::Reaction(Reaction { message: id(&part.key), emoji }));
        }
        if let Some(part) = message.enc_reaction_message.as_option() {
            let message = id(&part.target_message_key);
            return Some(Self::Reaction(Reaction { message, ..Reaction::default() }));
        }
        if let Some(part) = message.poll_update_message.as_option() {
            let message = id(&part.poll_creation_message_key);
            return Some(Self::PollVote(PollVote { message, options: Vec::new() }));
        }
        if let Some(part) = message.enc_event_response_message.as_option() {
            let message = id(&part.event_creation_message_key);
            return Some(Self::EventResponse(EventResponse { message, response: None }));
        }
        if let Some(part) = message.secret_encrypted_message.as_option() {
            use wa::message::secret_encrypted_message::SecretEncType;
            let edit = part.secret_enc_type == Some(SecretEncType::MESSAGE_EDIT);
            let message = id(&part.target_message_key);
            return edit.then(|| Self::Edit(Edit { message, ..Edit::default() }));
        }
        if let Some(part) = message.pin_in_chat_message.as_option() {
            use wa::message::pin_in_chat_message::Type;
            return Some(Self::Pin(Pin {
                message: id(&part.key),
                pinned: part.r#type == Some(Type::PIN_FOR_ALL),
                seconds: message.message_context_info.message_add_on_duration_in_secs,
            }));
        }
        if let Some(part) = message.keep_in_chat_message.as_option() {
            let kept = part.keep_type == Some(wa::KeepType::KEEP_FOR_ALL);
            return Some(Self::Keep(Keep { message: id(&part.key), kept }));
        }
        let protocol = message.protocol_message.as_option()?;
        match protocol.r#type? {
            ProtocolType::REVOKE => {
                Some(Self::Revoke(Revoke { message: id(&protocol.key), by_admin: false }))
            }
            ProtocolType::MESSAGE_EDIT => {
                let text = super::text_of(&protocol.edited_message).unwrap_or_default();
                Some(Self::Edit(Edit { message: id(&protocol.key), text }))
            }
            ProtocolType::EPHEMERAL_SETTING => {
                let seconds = protocol.ephemeral_expiration.unwrap_or_default();
                Some(Self::EphemeralSetting(EphemeralSetting { seconds }))
            }
            _ => None,
        }
    }

    /// The message that says this; `None` for acts, which need the message they are about.
    pub(in super::super) fn write(&self) -> Option<wa::Message> {
        macro_rules! message {
            ($field:ident: $part:expr) => {
                wa::Message { $field: $part.into(), ..Default::default() }
            };
        }
        Some(match self {
            Self::Location(part) => message!(location_message: part.write()),
            Self::LiveLocation(part) => message!(live_location_message: part.write()),
            Self::Contact(part) => part.write(),
            Self::Poll(part) => part.write(),
            Self::Event(part) => message!(event_message: part.write()),
            Self::List(part) => message!(list_message: part.write()),
            Self::Buttons(part) => message!(buttons_message: part.write()),
            Self::Template(part) => message!(template_message: part.write()),
            Self::Interactive(part) => message!(interactive_message: part.write()),
            Self::ListReply(part) => message!(list_response_message: part.write()),
            Self::ButtonReply(part) => message!(buttons_response_message: part.write()),
            Self::TemplateReply(part) => message!(template_button_reply_message: part.write()),
            Self::InteractiveReply(part) => message!(interactive_response_message: part.write()),
            Self::GroupInvite(part) => message!(group_invite_message: part.write()),
            Self::Album(part) => message!(album_message: part.write()),
            Self::EphemeralSetting(part) => message!(protocol_message: wa::message::ProtocolMessage {
                r#type: Some(ProtocolType::EPHEMERAL_SETTING),
                ephemeral_expiration: Some(part.seconds),
                ..Default::default()
            }),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Content;
    use super::*;

    fn body(value: serde_json::Value) -> Body {
        serde_json::from_value(value).expect("a body")
    }

    #[test]
    fn what_is_written_is_read_back() {
        let table = [
            json!({"location": {"latitude": 48.2, "longitude": 16.4, "name": "Vienna", "address": "Graben 1"}}),
            json!({"live_location": {"latitude": 1.5, "longitude": -2.5, "caption": "on my way", "sequence": 7}}),
            json!({"poll": {"name": "Lunch?", "options": ["Pho", "Ramen"], "selectable": 1, "version": 3}}),
            json!({"poll": {"name": "Lunch?", "options": ["Pho", "Ramen"], "selectable": 0, "version": 2}}),
            json!({"event": {"name": "Party", "start": 1_800_000_000, "location": {"latitude": 1.0, "longitude": 2.0}, "canceled": false}}),
            json!({"list": {"title": "Menu", "text": "Choose", "button": "Open", "footer": "f",
                "sections": [{"title": "Main", "rows": [{"id": "r1", "title": "Soup", "description": "hot"}]}]}}),
            json!({"buttons": {"text": "Yes?", "footer": "f", "buttons": [{"id": "y", "text": "Yes"}]}}),
            json!({"template": {"title": "T", "text": "Hi", "footer": null, "buttons": [
                {"reply": {"id": "a", "text": "A"}}, {"url": {"text": "B", "url": "https://b"}}, {"call": {"text": "C", "number": "+49"}}]}}),
            json!({"interactive": {"title": "I", "text": "Go", "footer": "f", "buttons": [{"name": "quick_reply", "params": "{}"}]}}),
            json!({"list_reply": {"id": "r1", "title": "Soup", "description": null}}),
            json!({"button_reply": {"id": "y", "text": "Yes"}}),
            json!({"template_reply": {"id": "a", "text": "A", "index": 1}}),
            json!({"interactive_reply": {"name": "flow", "params": "{}", "text": "done"}}),
            json!({"group_invite": {"group": "120@g.us", "code": "abc", "expires": 5, "name": "G", "caption": "come"}}),
            json!({"album": {"images": 2, "videos": 1}}),
            json!({"ephemeral_setting": {"seconds": 86400}}),
        ];
        for value in table {
            let written = body(value);
            let message = written.write().expect("not an act");
            let content = Content::of(&message, &[]).expect("shown");
            assert_eq!(content.body.as_ref(), Some(&written));
            assert_eq!(content.kind, written.name());
            assert_eq!(
                serde_json::to_value(&written).expect("json").as_object().map(|map| map.len()),
                Some(1)
            );
            assert!(serde_json::to_value(&written).expect("json").get(written.name()).is_some());
        }
    }

    #[test]
    fn one_card_travels_alone_and_two_as_an_array() {
        let card = |name: &str| {
            json!({"name": name, "vcard": "BEGIN:VCARD
TEL:+49170
END:VCARD"})
        };
        let one = body(json!({"contact": {"cards": [card("A")]}})).write().expect("content");
        assert!(one.contact_message.is_set());
        let two = body(json!({"contact": {"cards": [card("A"), card("B")]}})).write().expect("content");
        let Some(Body::Contact(contacts)) = Body::read(&two) else { panic!("contacts") };
        assert_eq!(contacts.cards.len(), 2);
        assert_eq!(contacts.cards[1].number.as_deref(), Some("49170"));
    }

    #[test]
    fn an_act_without_a_target_is_aimed_once() {
        let mut act = body(json!({"reaction": {"message": "", "emoji": "👍"}}));
        act.aim("A");
        act.aim("B");
        assert_eq!(act.target(), Some("A"));
        assert!(act.write().is_none());
    }
}
