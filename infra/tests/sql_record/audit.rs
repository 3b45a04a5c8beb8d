//! The audit log keeps what was done, for its tenant only.

use serde_json::json;
use wagate_domain::{
    ApiKeyId, AuditId, Timestamp, UserId, WorkspaceId,
    audit::{AuditActor, AuditEntry, ListAudit, Outcome, list},
    auth::Actor,
    ids::{Id, ulid},
    ports::AuditLog,
};
use wagate_infra::sql::Database;

use crate::sample::{at, id};

fn entry(workspace: Option<WorkspaceId>, action: &str, actor: AuditActor, millis: i64) -> AuditEntry {
    AuditEntry {
        id: id(),
        workspace,
        at: at(millis),
        actor,
        address: Some("2001:db8::7".parse().unwrap()),
        request_id: Some("req_1".to_owned()),
        action: action.to_owned(),
        outcome: Outcome::Done,
        target: Some(format!("target of {action}")),
        before: None,
        after: Some(json!({"name": "web shop\u{0}"})),
    }
}

async fn actions(db: &Database, workspace: Option<WorkspaceId>, request: ListAudit) -> Vec<String> {
    let page = list(db, workspace, request).await.unwrap();
    page.entries.into_iter().map(|entry| entry.action).collect()
}

pub(crate) async fn is_kept(db: &Database) {
    let workspace = id();
    let made = entry(Some(workspace), "key.created", AuditActor::Unknown, 1);
    let noones = entry(None, "operator.created", AuditActor::Console, 1);
    for entry in [&made, &noones, &entry(Some(id()), "key.created", AuditActor::Console, 1)] {
        wagate_domain::ports::AuditLog::insert(db, entry).await.unwrap();
    }
    let page = list(db, Some(workspace), ListAudit::default()).await.unwrap();
    assert_eq!((page.entries, page.next_cursor), (vec![made], None));
    let page = list(db, None, ListAudit::default()).await.unwrap();
    assert!(page.entries.contains(&noones) && page.entries.iter().all(|entry| entry.workspace.is_none()));
}

pub(crate) async fn goes_by_its_age(db: &Database) {
    let workspace: WorkspaceId = id();
    let aged = |workspace, millis| AuditEntry {
        id: AuditId::from_ulid(ulid(Timestamp::from_millis(millis), u128::from(millis.unsigned_abs()))),
        ..entry(workspace, "key.created", AuditActor::Console, 1)
    };
    let young = aged(Some(workspace), 9);
    for entry in [&young, &aged(Some(workspace), 1), &aged(Some(id()), 2), &aged(None, 3)] {
        AuditLog::insert(db, entry).await.unwrap();
    }
    let forget = async |limit| db.forget(Timestamp::from_millis(9), limit).await.unwrap();
    assert_eq!(forget(2).await, 2, "no more than asked for");
    assert_eq!((forget(2).await, forget(2).await), (1, 0));
    let left = list(db, Some(workspace), ListAudit::default()).await.unwrap();
    assert_eq!(left.entries, [young]);
}

pub(crate) async fn is_filtered(db: &Database) {
    let workspace: WorkspaceId = id();
    let (key, user) = (id::<ApiKeyId>(), id::<UserId>());
    let by_key = AuditActor::Caller(Actor::Key(key));
    let by_user = AuditActor::Caller(Actor::Person(user));
    for (action, actor, millis) in
        [("key.created", by_key, 1), ("key.revoked", by_user, 2), ("session.deleted", by_key, 3)]
    {
        wagate_domain::ports::AuditLog::insert(db, &entry(Some(workspace), action, actor, millis))
            .await
            .unwrap();
    }
    let any = ListAudit::default;
    for (request, expected) in [
        (any(), vec!["session.deleted", "key.revoked", "key.created"]),
        (ListAudit { actor: Some(key.to_string()), ..any() }, vec!["session.deleted", "key.created"]),
        (ListAudit { action: Some("key.*".to_owned()), ..any() }, vec!["key.revoked", "key.created"]),
        (ListAudit { action: Some("key.created".to_owned()), ..any() }, vec!["key.created"]),
        (ListAudit { target: Some("target of key.revoked".to_owned()), ..any() }, vec!["key.revoked"]),
        (ListAudit { from: Some(at(2)), to: Some(at(3)), ..any() }, vec!["key.revoked"]),
    ] {
        assert_eq!(actions(db, Some(workspace), request.clone()).await, expected, "{request:?}");
    }
    let first = list(db, Some(workspace), ListAudit { limit: Some(2), ..any() }).await.unwrap();
    assert_eq!(first.entries.len(), 2);
    let rest = ListAudit { cursor: first.next_cursor, limit: Some(2), ..any() };
    assert_eq!(actions(db, Some(workspace), rest).await, ["key.created"]);
    for wrong in [
        ListAudit { cursor: Some("x".to_owned()), ..any() },
        ListAudit { actor: Some("x".to_owned()), ..any() },
    ] {
        assert!(list(db, Some(workspace), wrong).await.is_err());
    }
}

pub(crate) async fn is_settled_once(db: &Database) {
    let workspace: WorkspaceId = id();
    let of = async || list(db, Some(workspace), ListAudit::default()).await.unwrap().entries;
    let begun = AuditEntry {
        outcome: Outcome::Unknown,
        after: None,
        ..entry(Some(workspace), "key.created", AuditActor::Unknown, 1)
    };
    AuditLog::insert(db, &begun).await.unwrap();
    assert_eq!(of().await, std::slice::from_ref(&begun), "it stands before it is known what came of it");
    let done = AuditEntry {
        actor: AuditActor::Console,
        action: "access.refused".to_owned(),
        outcome: Outcome::Done,
        target: Some("key_1".to_owned()),
        before: Some(json!({"name": "shop"})),
        after: Some(json!({"name": "web shop"})),
        ..begun.clone()
    };
    AuditLog::settle(db, &AuditEntry { workspace: Some(id()), ..done.clone() }).await.unwrap();
    assert_eq!(of().await, std::slice::from_ref(&begun), "another tenant settles nothing");
    AuditLog::settle(db, &done).await.unwrap();
    assert_eq!(of().await, std::slice::from_ref(&done));
    AuditLog::settle(db, &AuditEntry { target: None, ..done.clone() }).await.unwrap();
    AuditLog::withdraw(db, &done).await.unwrap();
    assert_eq!(of().await, [done], "what is settled stays");

    let undone = AuditEntry { id: id(), ..begun };
    AuditLog::insert(db, &undone).await.unwrap();
    AuditLog::withdraw(db, &undone).await.unwrap();
    assert!(!of().await.contains(&undone));
}
