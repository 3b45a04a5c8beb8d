//! What subscribers are told of what happens.

use wagate_domain::{
    messages::Status,
    ports::{Projection, ToldEvents, ToldQuery},
    sessions::SessionKey,
};
use wagate_infra::sql::Database;

use crate::{
    events::{accepted, receipt, status},
    sample::{outgoing, pn, stored_session},
};

async fn told(db: &Database, key: SessionKey) -> Vec<&'static str> {
    let query = ToldQuery { session: Some(key.id), limit: 100, ..ToldQuery::default() };
    let entries = ToldEvents::list(db, key.workspace, &query).await.unwrap();
    entries.iter().map(|entry| entry.told.data.kind().name()).collect()
}

/// A receipt may come before the word that the message left.
pub(crate) async fn sent_is_told_once_and_first(db: &Database) {
    for order in [[Status::Sent, Status::Delivered], [Status::Delivered, Status::Sent]] {
        let key = stored_session(db).await;
        let message = outgoing(key, &pn("62811"), 1);
        db.apply(&[accepted(&message, 1), status(key, message.id, Status::Sending, 2)]).await.unwrap();
        for step in order {
            let event = match step {
                Status::Sent => status(key, message.id, Status::Sent, 6),
                step => receipt(key, &pn("62811"), &[&message.stanza_id], step, 5),
            };
            // told again, as after a crash, it tells nobody anything
            for _ in 0..2 {
                db.apply(std::slice::from_ref(&event)).await.unwrap();
            }
        }
        assert_eq!(told(db, key).await, ["message.sent", "message.status"], "{order:?}");
    }
}
