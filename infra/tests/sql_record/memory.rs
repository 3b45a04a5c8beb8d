//! What is remembered of the record, and when it is forgotten.

use std::sync::Arc;

use wagate_domain::{
    auth::ApiKey,
    ports::{ApiKeys, Sessions},
    sessions::SessionKey,
};
use wagate_infra::{
    memory::{RememberedKeys, RememberedSessions},
    sql::Database,
};

use crate::sample::{api_key, at, id, stored_session};

pub(crate) async fn keys(db: &Database) {
    let workspace = id();
    let key = api_key(workspace);
    let keys = RememberedKeys::new(Arc::new(db.clone()));
    assert_eq!(keys.find(&key.hash).await.unwrap(), None);
    keys.insert(&key).await.unwrap();
    assert_eq!(keys.find(&key.hash).await.unwrap(), Some(key.clone()), "what is not there is not remembered");
    assert_eq!(keys.list(workspace).await.unwrap(), std::slice::from_ref(&key));
    let renamed = ApiKey { name: "renamed".to_owned(), ..key.clone() };
    assert!(keys.update(&key, &renamed).await.unwrap());
    assert_eq!(keys.find(&key.hash).await.unwrap(), Some(renamed.clone()), "changed here, seen here at once");
    for _ in 0..2 {
        keys.used(&renamed, at(7), None).await.unwrap();
    }
    keys.used(&renamed, at(8), None).await.unwrap();
    let noted = keys.get(workspace, key.id).await.unwrap().unwrap();
    assert_eq!(noted.last_used_at, Some(at(7)), "noted once a minute");
    assert!(keys.revoke(workspace, key.id, at(9)).await.unwrap());
    assert_eq!(keys.find(&key.hash).await.unwrap(), None, "revoked here, refused here at once");
}

pub(crate) async fn sessions(db: &Database) {
    let SessionKey { workspace, id } = stored_session(db).await;
    let fresh = RememberedSessions::fresh(Arc::new(db.clone()));
    let remembering = fresh.remembering();
    let wanted = async |sessions: &RememberedSessions| {
        sessions.get(workspace, id).await.unwrap().map(|session| session.wanted)
    };
    assert_eq!(wanted(&remembering).await, Some(true));
    fresh.set_wanted(workspace, id, false).await.unwrap();
    assert_eq!(wanted(&remembering).await, Some(false), "changed through the other, seen at once");

    db.set_wanted(workspace, id, true).await.unwrap();
    assert_eq!(wanted(&fresh).await, Some(true), "changed elsewhere, and never believed");

    assert!(fresh.delete(workspace, id).await.unwrap());
    assert_eq!(wanted(&remembering).await, None, "deleted through the other, gone at once");
}
