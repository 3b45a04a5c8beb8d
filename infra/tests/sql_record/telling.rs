//! What subscribers are told of what happens.

use wagate_domain::{
    events::ToldData,
    messages::{Direction, Message, Status},
    ports::{Projection, ToldEvents, ToldQuery},
    sessions::SessionKey,
};
use wagate_infra::sql::Database;

use crate::{
    events::{accepted, past, receipt, received, status},
    reading::chat,
    sample::{id, incoming, outgoing, pn, stored_session},
};

async fn all(db: &Database, key: SessionKey) -> Vec<ToldData> {
    let query = ToldQuery { session: Some(key.id), limit: 100, ..ToldQuery::default() };
    let entries = ToldEvents::list(db, key.workspace, &query).await.unwrap();
    entries.into_iter().map(|entry| entry.told.data).collect()
}

async fn told(db: &Database, key: SessionKey) -> Vec<&'static str> {
    all(db, key).await.iter().map(|data| data.kind().name()).collect()
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

/// A history may have a message that could not be stored when it came, and is on its way once more.
pub(crate) async fn what_the_history_was_ahead_of_is_told_when_it_comes(db: &Database) {
    let them = pn("62812");
    for is_one_batch in [false, true] {
        let key = stored_session(db).await;
        let theirs = incoming(key, &them, "E1", 5);
        let ours =
            Message { direction: Direction::Out, status: Status::Sent, ..incoming(key, &them, "E2", 6) };
        // where it comes under another of the chat's addresses, its id is another
        let come = Message { id: id(), offline: true, ..theirs.clone() };
        let events = [
            past(&theirs, 10),
            past(&ours, 11),
            received(&come, None, 12),
            received(&ours, None, 13),
            received(&come, None, 14),
            past(&theirs, 15),
        ];
        if is_one_batch {
            db.apply(&events).await.unwrap();
        } else {
            db.apply(&events[..2]).await.unwrap();
            assert_eq!(told(db, key).await, [""; 0], "nobody is told of the past");
            assert_eq!(chat(db, key, &them).await.unwrap().unread, 0);
            for event in &events[2..] {
                for _ in 0..2 {
                    db.apply(std::slice::from_ref(event)).await.unwrap();
                }
            }
        }
        assert_eq!(told(db, key).await, ["message.received", "message.sent"], "in one batch: {is_one_batch}");
        let first = all(db, key).await.swap_remove(0);
        let ToldData::MessageReceived(message) = first else { panic!("{first:?}") };
        assert_eq!((message.id, message.offline), (theirs.id, true));
        assert_eq!(chat(db, key, &them).await.unwrap().unread, 1);
    }
}
