//! Things to store, told apart by a number.

use std::sync::atomic::{AtomicU64, Ordering};

use wagate_domain::{
    Address, ContactIds, MediaId, MessageId, SessionId, Timestamp, WorkspaceId,
    auth::{ApiKey, Networks, OldSecret, Permission, Permissions},
    ids::{Id, ulid},
    media::{Media, MediaState},
    messages::{Content, Direction, Message, Priority, Status, Times},
    ports::Sessions,
    sessions::{Pacing, Session, SessionKey},
    workspaces::Workspace,
};
use wagate_infra::{sql::Database, testing::new_session};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// An identifier that was not handed out before; later ones are greater.
pub(crate) fn id<T: Id>() -> T {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    T::from_ulid(ulid(Timestamp::from_millis(1_000_000 + i64::try_from(n).unwrap()), u128::from(n)))
}

pub(crate) const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000 + millis)
}

pub(crate) fn workspace() -> Workspace {
    Workspace::new(id(), "Ärger & Söhne", at(1))
}

pub(crate) fn api_key(workspace: WorkspaceId) -> ApiKey {
    let id: wagate_domain::ApiKeyId = id();
    ApiKey {
        id,
        workspace,
        name: "server".to_owned(),
        prefix: "wg_123456".to_owned(),
        hash: format!("hash of {id}"),
        before: Some(OldSecret { hash: format!("hash before {id}"), until: at(5) }),
        scopes: Permissions::of(&[Permission::MessagesSend, Permission::KeysRead]),
        sessions: Some(vec![crate::sample::id(), crate::sample::id()]),
        addresses: Networks::read("", ["10.0.0.0/8", "2001:db8::/32"]).expect("networks"),
        expires_at: Some(at(9)),
        last_used_at: None,
        last_used_from: None,
        created_at: at(2),
        revoked_at: None,
    }
}

pub(crate) fn session(workspace: WorkspaceId) -> Session {
    Session { pacing: Pacing::careful(), ..new_session(SessionKey { workspace, id: id() }, at(3)) }
}

/// A stored session of a new workspace.
pub(crate) async fn stored_session(db: &Database) -> SessionKey {
    Sessions::insert(db, &session(id())).await.expect("a stored session").key()
}

pub(crate) fn pn(digits: &str) -> Address {
    Address::pn(digits)
}

pub(crate) fn lid(digits: &str) -> Address {
    Address::lid(digits)
}

pub(crate) fn both(pn: &str, lid: &str) -> ContactIds {
    ContactIds { pn: Some(pn.to_owned()), lid: Some(lid.to_owned()) }
}

pub(crate) fn outgoing(session: SessionKey, chat: &Address, millis: i64) -> Message {
    let id: MessageId = id();
    let mut times = Times::default();
    times.note(Status::Accepted, at(millis));
    Message {
        id,
        workspace: session.workspace,
        session: session.id,
        direction: Direction::Out,
        chat: chat.clone(),
        contact: ContactIds::of(chat),
        contact_id: None,
        stanza_id: id.stanza_id(),
        content: Content::Text { body: "hello\n\"world\"".to_owned() },
        quote: None,
        mentions: vec![pn("628111")],
        offline: false,
        push_name: None,
        priority: Priority::Bulk,
        status: Status::Accepted,
        failure: None,
        times,
        expires_at: Some(at(millis + 1_000)),
        send_at: None,
        campaign: None,
        revision: 0,
        sender: None,
        at: at(millis),
    }
}

pub(crate) fn incoming(session: SessionKey, chat: &Address, stanza_id: &str, millis: i64) -> Message {
    let mut times = Times::default();
    times.note(Status::Received, at(millis));
    Message {
        direction: Direction::In,
        stanza_id: stanza_id.to_owned(),
        content: Content::Text { body: format!("reply {stanza_id}") },
        mentions: Vec::new(),
        push_name: Some("Budi".to_owned()),
        priority: Priority::Interactive,
        status: Status::Received,
        expires_at: None,
        send_at: None,
        campaign: None,
        revision: 0,
        sender: None,
        times,
        ..outgoing(session, chat, millis)
    }
}

pub(crate) fn media(workspace: WorkspaceId, session: Option<SessionId>, millis: i64) -> Media {
    let id: MediaId = id();
    Media {
        id,
        workspace,
        session,
        message: None,
        staged_with: None,
        state: MediaState::Pending,
        mime: "image/jpeg".to_owned(),
        size: 0,
        sha256: None,
        file_name: Some("cat.jpg".to_owned()),
        locator: session.map(|_| serde_json::json!({"path": "/v/t62", "key": [1, 2, 3]})),
        created_at: at(millis),
    }
}
