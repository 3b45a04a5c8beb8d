//! Every type of event with the shape of its data and an example.

use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};
use wagate_domain::{
    EventId, Timestamp, WorkspaceId,
    events::{EventKind, sample},
    ids::{Id, ulid},
};

use super::{
    chats::{ChatDeleted, ChatUpdated},
    envelope::Envelope,
    groups::{GroupJoined, GroupLeft, GroupParticipants, GroupUpdated},
    messages::{MessageData, MessageDeleted, MessageReaction, MessageStatus, MessageUpdated, PollVote},
    people::{CallData, ContactMerged, ContactUpdated, PresenceUpdate},
    sessions::{
        History, MediaData, Nothing, RestrictionStarted, SessionDisconnected, SessionQr, SessionStatus,
        WebhookDisabled,
    },
};

/// A type of event, as it is documented.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The type.
    pub kind: EventKind,
    /// Name of the schema of its `data`, as in the OpenAPI document.
    pub schema: String,
    /// The schema itself and those it refers to, by name.
    pub schemas: Vec<(String, Value)>,
    /// An event of this type.
    pub example: Value,
}

/// Every type, in the order of the documentation.
#[must_use]
pub fn catalogue() -> Vec<Entry> {
    EventKind::ALL.iter().map(|kind| entry(*kind)).collect()
}

/// One type.
#[must_use]
pub fn entry(kind: EventKind) -> Entry {
    let (schema, schemas) = shape(kind);
    Entry { kind, schema, schemas, example: example(kind) }
}

fn example(kind: EventKind) -> Value {
    // 2026-01-01
    let at = Timestamp::from_millis(1_767_225_600_000);
    let bits = 0x2a6f_91c3_0d58_e4b7_1f90 + kind as u128;
    let told =
        sample(kind, EventId::from_ulid(ulid(at, bits)), WorkspaceId::from_ulid(ulid(at, 7)), None, at);
    serde_json::to_value(Envelope::from(told)).unwrap_or(Value::Null)
}

fn shape(kind: EventKind) -> (String, Vec<(String, Value)>) {
    use EventKind as K;
    match kind {
        K::SessionStatus => of::<SessionStatus>(),
        K::SessionQr => of::<SessionQr>(),
        K::SessionConnected | K::RestrictionEnded => of::<Nothing>(),
        K::SessionDisconnected => of::<SessionDisconnected>(),
        K::MessageReceived | K::MessageSent => of::<MessageData>(),
        K::MessageStatus => of::<MessageStatus>(),
        K::MessageUpdated => of::<MessageUpdated>(),
        K::MessageDeleted => of::<MessageDeleted>(),
        K::MessageReaction => of::<MessageReaction>(),
        K::PollVote => of::<PollVote>(),
        K::GroupJoined => of::<GroupJoined>(),
        K::GroupLeft => of::<GroupLeft>(),
        K::GroupParticipants => of::<GroupParticipants>(),
        K::GroupUpdated => of::<GroupUpdated>(),
        K::ContactUpdated => of::<ContactUpdated>(),
        K::ContactMerged => of::<ContactMerged>(),
        K::PresenceUpdate => of::<PresenceUpdate>(),
        K::ChatUpdated => of::<ChatUpdated>(),
        K::ChatDeleted => of::<ChatDeleted>(),
        K::CallReceived | K::CallUpdated => of::<CallData>(),
        K::MediaReady | K::MediaFailed => of::<MediaData>(),
        K::HistoryProgress => of::<History>(),
        K::RestrictionStarted => of::<RestrictionStarted>(),
        K::WebhookDisabled => of::<WebhookDisabled>(),
    }
}

fn of<T: ToSchema + PartialSchema>() -> (String, Vec<(String, Value)>) {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    let json = |schema| serde_json::to_value(schema).unwrap_or(Value::Null);
    (T::name().into_owned(), schemas.into_iter().map(|(name, schema)| (name, json(schema))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_shape_and_an_example_of_its_own() {
        for entry in catalogue() {
            assert_eq!(entry.example["type"], entry.kind.name());
            assert!(entry.example["data"].is_object(), "{}", entry.kind);
            assert!(entry.schemas.iter().any(|(name, _)| *name == entry.schema));
        }
    }
}
