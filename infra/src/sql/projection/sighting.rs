//! What one event tells of a person.

use wagate_domain::{
    ContactId, ContactIds, SessionId, WorkspaceId,
    events::{ChatChange, Event, EventData},
    ids::Id,
    messages::{Direction, Message},
};

use crate::sql::rows::text;

/// A person as one event shows it.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub(super) workspace: WorkspaceId,
    pub(super) session: SessionId,
    pub(super) pn: Option<String>,
    pub(super) lid: Option<String>,
    pub(super) push_name: Option<String>,
    /// Milliseconds; the time of the event.
    pub(super) at: i64,
    /// The id of the contact that this event makes, if it makes one: the same at every replay.
    pub(super) fresh_id: ContactId,
    /// Whether the person is worth a contact of its own.
    pub(super) creates: bool,
}

impl Sighting {
    /// The person an event is about; `None` for groups, channels and events about nobody.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let (ids, push_name, creates) = match &event.data {
            EventData::MessageAccepted(message) => (partner(message)?, None, true),
            EventData::MessageReceived { message, .. } => {
                let push_name = (message.direction == Direction::In).then_some(message.push_name.as_deref());
                (partner(message)?, push_name.flatten(), true)
            }
            EventData::MessageReceipt { contact, .. } => (contact.clone(), None, false),
            EventData::ContactUpdated { contact, push_name } => (contact.clone(), push_name.as_deref(), true),
            EventData::ChatChanged { chat, contact, change, .. } => {
                let ids = chat.is_person().then(|| ContactIds::of(chat).or(contact.clone()))?;
                (ids, None, says_something(change))
            }
            EventData::PresenceSeen { contact, .. } => (contact.clone(), None, false),
            EventData::CallSeen(call) => (call.from.clone(), None, false),
            data => (data.target()?.contact.clone(), None, false),
        };
        if ids.pn.is_none() && ids.lid.is_none() {
            return None;
        }
        let clean = |value: String| text(&value).into_owned();
        Some(Self {
            workspace: event.workspace,
            session: event.session,
            pn: ids.pn.map(clean),
            lid: ids.lid.map(clean),
            push_name: push_name.map(|name| text(name).into_owned()),
            at: event.at.as_millis(),
            fresh_id: ContactId::from_ulid(event.id.ulid()),
            creates,
        })
    }
}

/// Whether there is something to know of a chat after this, even if there is no message in it.
pub(super) const fn says_something(change: &ChatChange) -> bool {
    matches!(
        change,
        ChatChange::Archived { on: true }
            | ChatChange::Pinned { on: true }
            | ChatChange::Muted { on: true, .. }
    )
}

fn partner(message: &Message) -> Option<ContactIds> {
    message.chat.is_person().then(|| ContactIds::of(&message.chat).or(message.contact.clone()))
}
