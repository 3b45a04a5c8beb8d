//! What is too old goes, in parts, and nothing else does.

use wagate_domain::{
    MessageId,
    media::{Media, MediaState},
    messages::{Content, MediaKind, Message, Sought, Status},
    ports::{
        ChatFilter, ChatQuery, Chats, MediaIndex, MessageQuery, Messages, Projection, Retentions, TooOld,
    },
    retention::{Aged, Retention},
};
use wagate_infra::sql::Database;

use crate::{
    events::{accepted, received, status},
    sample::{at, id, incoming, media, outgoing, pn, stored_session},
};

pub(crate) async fn is_set(db: &Database) {
    let (ours, theirs) = (id(), id());
    assert_eq!(Retentions::get(db, ours).await.unwrap(), Retention::default());
    let first = Retention { messages_days: Some(30), media_days: Some(7), ..Retention::default() };
    let second = Retention { events_days: Some(1), deliveries_days: Some(2), ..Retention::default() };
    db.put(ours, &first).await.unwrap();
    db.put(theirs, &second).await.unwrap();
    assert_eq!(Retentions::get(db, ours).await.unwrap(), first);
    db.put(ours, &second).await.unwrap();
    assert_eq!(Retentions::get(db, ours).await.unwrap(), second, "the whole of it");
    db.put(theirs, &Retention::default()).await.unwrap();
    let all = Retentions::all(db).await.unwrap();
    assert!(all.contains(&(ours, second)) && all.iter().all(|(workspace, _)| *workspace != theirs));
}

pub(crate) async fn messages_go(db: &Database) {
    let (key, other) = (stored_session(db).await, stored_session(db).await);
    let them = pn("628301");
    let old: Vec<Message> = (0..5).map(|n| incoming(key, &them, &format!("R{n}"), n)).collect();
    let waiting = outgoing(key, &them, 1);
    let failed = outgoing(key, &them, 2);
    let young = incoming(key, &pn("628302"), "R9", 100);
    let theirs = incoming(other, &them, "R1", 1);
    let mut events: Vec<_> = old.iter().map(|message| received(message, None, 5)).collect();
    events.extend([accepted(&waiting, 5), accepted(&failed, 5), status(key, failed.id, Status::Failed, 6)]);
    events.extend([received(&young, None, 100)]);
    db.apply(&events).await.unwrap();
    db.apply(&[received(&theirs, None, 5)]).await.unwrap();

    let which = TooOld { workspace: key.workspace, before: at(100) };
    assert_eq!(db.forget(Aged::Messages, which, 4).await.unwrap(), 4, "no more than asked for");
    assert_eq!(
        left(db, key.workspace).await,
        [young.id, old[4].id, old[3].id, waiting.id],
        "the oldest first"
    );
    let query = ChatQuery { limit: 9, ..ChatQuery::default() };
    let chats = Chats::list(db, key.workspace, &query).await.unwrap();
    assert_eq!((chats[1].unread, chats[1].last_message), (2, Some(old[4].id)));
    assert_eq!(db.forget(Aged::Messages, which, 4).await.unwrap(), 2);
    assert_eq!(db.forget(Aged::Messages, which, 4).await.unwrap(), 0);
    assert_eq!(left(db, key.workspace).await, [young.id, waiting.id], "what waits stays");
    assert_eq!(left(db, other.workspace).await, [theirs.id], "another tenant's");
    let chats = Chats::list(db, key.workspace, &query).await.unwrap();
    assert_eq!((chats[1].unread, chats[1].last_message, chats[1].at), (0, None, at(4)), "the chat stays");
    assert_eq!((chats[0].unread, chats[0].last_message), (1, Some(young.id)));

    let search = MessageQuery { text: Sought::read("reply"), limit: 9, ..MessageQuery::default() };
    let found = Messages::list(db, key.workspace, &search).await.unwrap();
    assert_eq!(found.iter().map(|message| message.id).collect::<Vec<_>>(), [young.id], "words go along");
    let again = incoming(key, &them, "R10", 200);
    db.apply(&[received(&again, None, 200)]).await.unwrap();
    let contact = chats[1].contact_id.unwrap();
    let chat =
        Chats::get(db, key.workspace, key.id, &ChatFilter::Contact(vec![contact])).await.unwrap().unwrap();
    assert_eq!((chat.unread, chat.last_message, chat.at), (1, Some(again.id), at(200)));
}

async fn left(db: &Database, workspace: wagate_domain::WorkspaceId) -> Vec<MessageId> {
    let query = MessageQuery { limit: 99, ..MessageQuery::default() };
    Messages::list(db, workspace, &query).await.unwrap().into_iter().map(|message| message.id).collect()
}

pub(crate) async fn old_media(db: &Database) {
    let key = stored_session(db).await;
    let store = async |session: bool, state: MediaState, millis: i64| -> Media {
        let file = Media { state, ..media(key.workspace, session.then_some(key.id), millis) };
        MediaIndex::insert(db, &file).await.unwrap();
        file
    };
    let second = store(true, MediaState::Ready, 2).await;
    let first = store(false, MediaState::Ready, 1).await;
    let expired = store(true, MediaState::Expired, 3).await;
    store(true, MediaState::Pending, 1).await;
    store(true, MediaState::Ready, 10).await;
    let carried = store(false, MediaState::Ready, 1).await;
    let mut waiting = outgoing(key, &pn("628303"), 5);
    waiting.content = Content::Media {
        kind: MediaKind::Image,
        media: carried.id,
        mime: "image/jpeg".to_owned(),
        size: 1,
        caption: None,
        file_name: None,
        seconds: None,
    };
    db.apply(&[accepted(&waiting, 5), accepted(&outgoing(key, &pn("628303"), 5), 5)]).await.unwrap();
    let which = TooOld { workspace: key.workspace, before: at(10) };
    assert_eq!(db.old_media(which, 9).await.unwrap(), [first.clone(), second, expired]);
    assert_eq!(db.old_media(which, 1).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(db.old_media(TooOld { workspace: id(), ..which }, 9).await.unwrap(), []);
    db.apply(&[status(key, waiting.id, Status::Sent, 6)]).await.unwrap();
    let found = db.old_media(which, 2).await.unwrap();
    assert_eq!(found, [first, carried], "once it is sent, its file may go");
}
