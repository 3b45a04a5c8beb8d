//! People in events.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{
    ContactIds, Timestamp,
    events::{Actor, Call, CallState, ContactRef, Presence},
};

/// A person, as far as known.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EventPerson)]
pub(super) struct PersonView {
    /// Stable id of the person; survives the moment a LID is learned. `null` when the record does not know them.
    #[schema(example = "ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: Option<String>,
    /// Phone number, digits.
    #[schema(example = "6281234567890")]
    pn: Option<String>,
    /// LID, digits.
    #[schema(example = "123456789012345")]
    lid: Option<String>,
    /// Push name, when it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Budi")]
    push_name: Option<String>,
}

/// Who did something.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EventActor)]
pub(super) struct ActorView {
    /// The linked account did it, on whatever device.
    from_me: bool,
    /// Phone number, digits.
    pn: Option<String>,
    /// LID, digits.
    lid: Option<String>,
}

/// The phone number and LID of somebody.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EventIds)]
pub(super) struct IdsView {
    /// Phone number, digits.
    pn: Option<String>,
    /// LID, digits.
    lid: Option<String>,
}

/// Data of `contact.updated`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactUpdatedEvent)]
pub struct ContactUpdated {
    /// The contact as it is now.
    contact: PersonView,
}

/// Data of `contact.merged`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactMergedEvent)]
pub struct ContactMerged {
    /// The person, under the id that stays.
    contact: PersonView,
    /// The id that is not used any more: whatever you keep under it belongs to `contact`.
    #[schema(example = "ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7H")]
    from: String,
}

/// Data of `presence.update`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PresenceUpdateEvent)]
pub struct PresenceUpdate {
    /// The chat it shows in: a person's own, or a group.
    chat: String,
    /// Who.
    contact: PersonView,
    /// What they do.
    presence: PresenceView,
    /// When they were last online, when they say so (RFC 3339, UTC).
    #[schema(format = DateTime)]
    last_seen: Option<String>,
}

/// What somebody is doing.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EventPresence)]
pub(super) enum PresenceView {
    /// Online.
    Available,
    /// Not online.
    Unavailable,
    /// Types in the chat.
    Typing,
    /// Records a voice note in the chat.
    Recording,
    /// Stopped typing or recording.
    Paused,
}

/// Data of `call.received` and `call.updated`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallEvent)]
pub struct CallData {
    /// WhatsApp's id of the call; the same in all events of one call.
    call: String,
    /// Where it stands.
    state: CallStateView,
    /// Who calls.
    contact: PersonView,
    /// The group's JID, when it is a group call.
    group: Option<String>,
    /// With pictures.
    video: bool,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EventCallState)]
pub(super) enum CallStateView {
    /// It rings.
    Ringing,
    /// Taken, on another device of the account.
    Accepted,
    /// Refused.
    Rejected,
    /// Over without having been taken.
    Missed,
    /// Over.
    Ended,
}

impl PersonView {
    /// Somebody of whom only this is known.
    pub(super) fn new(contact: ContactRef) -> Self {
        Self {
            id: contact.id.map(|id| id.to_string()),
            pn: contact.ids.pn,
            lid: contact.ids.lid,
            push_name: contact.push_name,
        }
    }
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        Self { from_me: actor.from_me, pn: actor.contact.pn, lid: actor.contact.lid }
    }
}

impl From<ContactIds> for IdsView {
    fn from(ids: ContactIds) -> Self {
        Self { pn: ids.pn, lid: ids.lid }
    }
}

impl ContactUpdated {
    pub(super) fn new(contact: ContactRef) -> Self {
        Self { contact: PersonView::new(contact) }
    }
}

impl ContactMerged {
    pub(super) fn new(contact: ContactRef, from: String) -> Self {
        Self { contact: PersonView::new(contact), from }
    }
}

impl PresenceUpdate {
    pub(super) fn new(
        chat: String,
        contact: ContactRef,
        presence: Presence,
        last_seen: Option<Timestamp>,
    ) -> Self {
        let presence = match presence {
            Presence::Available => PresenceView::Available,
            Presence::Unavailable => PresenceView::Unavailable,
            Presence::Typing => PresenceView::Typing,
            Presence::Recording => PresenceView::Recording,
            Presence::Paused => PresenceView::Paused,
        };
        let last_seen = last_seen.map(|at| at.to_string());
        Self { chat, contact: PersonView::new(contact), presence, last_seen }
    }
}

impl CallData {
    pub(super) fn new(call: Call, contact: ContactRef) -> Self {
        let state = match call.state {
            CallState::Ringing => CallStateView::Ringing,
            CallState::Accepted => CallStateView::Accepted,
            CallState::Rejected => CallStateView::Rejected,
            CallState::Missed => CallStateView::Missed,
            CallState::Ended => CallStateView::Ended,
        };
        Self {
            call: call.id,
            state,
            contact: PersonView::new(contact),
            group: call.group.map(|group| group.to_string()),
            video: call.video,
        }
    }
}
