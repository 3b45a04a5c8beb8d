//! A worker deletes what its workspace does not keep any longer.

use std::time::Duration;

use wagate_domain::{
    events::{Event, EventData},
    messages::{Priority, Status},
    ports::{Messages, Projection, Retentions, Sessions},
    retention::Retention,
    sessions::{Session, SessionKey},
};
use wagate_infra::testing::{eventually, new_session, text_message};

use crate::{PATIENCE, machines::Machines};

#[tokio::test]
async fn the_worker_deletes_what_is_too_old() {
    let machines = Machines::start(None).await;
    let Machines { env, db, .. } = &machines;
    let now = env.now();
    let key = SessionKey { workspace: env.new_id(), id: env.new_id() };
    let session = Session { wanted: false, ..new_session(key, now) };
    Sessions::insert(db, &session).await.unwrap();
    let [mut old, mut young] =
        ["old", "young"].map(|body| text_message(env, key, body, Priority::Interactive));
    (old.status, young.status) = (Status::Sent, Status::Sent);
    old.at = now.minus(Duration::from_hours(49));
    let told = [&old, &young]
        .map(|message| Event::new(env, key, EventData::MessageAccepted(Box::new(message.clone()))));
    db.apply(&told).await.unwrap();
    let two_days = Retention { messages_days: Some(2), ..Retention::default() };
    db.put(key.workspace, &two_days).await.unwrap();

    let worker = machines.worker("test").await;
    let gone = async || {
        let found = Messages::get(db, key.workspace, old.id).await.unwrap();
        found.is_none().then_some(())
    };
    eventually(PATIENCE, "the old message is gone", gone).await;
    assert!(Messages::get(db, key.workspace, young.id).await.unwrap().is_some());
    worker.stop().await;
}
