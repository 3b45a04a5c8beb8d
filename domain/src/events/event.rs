//! An entry of the event log, and the id it has.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::EventData;
use crate::{
    Env, EventId, MessageId, SessionId, Timestamp, WorkspaceId,
    ids::{Id, ulid_of},
    messages::{Failure, Status},
    sessions::SessionKey,
};

/// One entry of the event log. Order holds within a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Identifier; stable over redelivery.
    pub id: EventId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Session it happened to.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub data: EventData,
}

impl Event {
    /// An event of this moment. What WhatsApp may tell again carries the same id every time.
    #[must_use]
    pub fn new(env: &Env, session: SessionKey, data: EventData) -> Self {
        let id = own_id(&data, session).unwrap_or_else(|| env.new_id());
        Self { id, workspace: session.workspace, session: session.id, at: env.now(), data }
    }

    /// A message has got so far, at this moment.
    #[must_use]
    pub fn status(
        env: &Env,
        session: SessionKey,
        message: MessageId,
        status: Status,
        failure: Option<Failure>,
    ) -> Self {
        Self::new(env, session, EventData::MessageStatus { message, status, failure })
    }
}

/// The id of what WhatsApp dates and may tell more than once: made from the session and the whole of it.
fn own_id(data: &EventData, session: SessionKey) -> Option<EventId> {
    let at = match data {
        EventData::MessageUpdated { at, .. }
        | EventData::MessageDeleted { at, .. }
        | EventData::MessageReaction { at, .. }
        | EventData::PollVote { at, .. }
        | EventData::GroupChanged { at, .. }
        | EventData::ChatChanged { at, .. } => *at,
        _ => return None,
    };
    let mut hash = Sha256::new();
    hash.update(session.id.ulid().to_bytes());
    hash.update(serde_json::to_vec(data).ok()?);
    Some(EventId::from_ulid(ulid_of(at, &hash.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Address, ContactIds,
        events::{Actor, Target},
        ids::ulid,
    };

    #[test]
    fn what_is_told_again_is_the_same_event() {
        let key = |n| SessionKey {
            workspace: WorkspaceId::from_ulid(ulid(Timestamp::from_millis(1), 1)),
            id: SessionId::from_ulid(ulid(Timestamp::from_millis(1), n)),
        };
        let reaction = |emoji: &str, at| EventData::MessageReaction {
            target: Target {
                chat: Address::pn("6281234567890"),
                contact: ContactIds::default(),
                stanza_id: "3EB0".to_owned(),
                from_me: true,
            },
            by: Actor::default(),
            emoji: Some(emoji.to_owned()),
            at: Timestamp::from_millis(at),
        };
        let id = |session, emoji, at| own_id(&reaction(emoji, at), key(session)).unwrap();
        assert_eq!(id(1, "👍", 5), id(1, "👍", 5));
        for other in [id(2, "👍", 5), id(1, "❤️", 5), id(1, "👍", 6)] {
            assert_ne!(id(1, "👍", 5), other);
        }
    }

    #[test]
    fn the_type_on_the_wire_is_the_name() {
        let ulid = ulid(Timestamp::from_millis(5), 1);
        let event = Event {
            id: EventId::from_ulid(ulid),
            workspace: WorkspaceId::from_ulid(ulid),
            session: SessionId::from_ulid(ulid),
            at: Timestamp::from_millis(5),
            data: EventData::SessionUnlinked {},
        };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["type"], event.data.name());
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}
