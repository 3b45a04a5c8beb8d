//! What is too old goes, in parts, and nothing else does.

use wagate_domain::{
    MessageId, WorkspaceId,
    events::{Told, ToldData},
    media::{Media, MediaState},
    messages::{Content, MediaKind, Message, Sought, Status},
    ports::{
        ChatFilter, ChatQuery, Chats, Deliveries, MediaIndex, MessageQuery, Messages, Projection, Retentions,
        ToldEntry, ToldEvents, TooOld, Webhooks, Workspaces,
    },
    retention::{Aged, Retention},
    sessions::SessionKey,
    webhooks::{Delivery, DeliveryState, Webhook},
    workspaces::Workspace,
};
use wagate_infra::sql::Database;

use crate::{
    events::{accepted, received, status},
    sample::{at, id, incoming, media, outgoing, pn, stored_session},
};

pub(crate) async fn is_set(db: &Database) {
    let (ours, theirs, nobody) = (tenant(db).await, tenant(db).await, tenant(db).await);
    let usual = Retention::default();
    assert_eq!(Retentions::get(db, ours).await.unwrap(), usual);
    let first = Retention { messages_days: Some(30), media_days: Some(7), ..usual };
    let second = Retention { events_days: Some(1), deliveries_days: Some(2), ..usual };
    db.put(ours, &first).await.unwrap();
    db.put(theirs, &second).await.unwrap();
    assert_eq!(Retentions::get(db, ours).await.unwrap(), first);
    db.put(ours, &second).await.unwrap();
    assert_eq!(Retentions::get(db, ours).await.unwrap(), second, "the whole of it");
    let everything = Retention { events_days: None, deliveries_days: None, ..usual };
    db.put(theirs, &everything).await.unwrap();
    let all = Retentions::all(db).await.unwrap();
    for (workspace, set) in [(ours, second), (nobody, usual), (theirs, everything)] {
        assert!(all.contains(&(workspace, set)), "{workspace}");
    }
}

async fn tenant(db: &Database) -> WorkspaceId {
    let workspace = Workspace::new(id(), "a tenant", at(1));
    Workspaces::insert(db, &workspace).await.unwrap();
    workspace.id
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

pub(crate) async fn events_go(db: &Database) {
    let key = stored_session(db).await;
    let other = stored_session(db).await;
    let told = async |key: SessionKey, millis: i64| -> ToldEntry {
        let told = Told {
            id: id(),
            workspace: key.workspace,
            session: Some(key.id),
            at: at(millis),
            data: ToldData::SessionConnected {},
        };
        ToldEvents::tell(db, std::slice::from_ref(&told)).await.unwrap();
        ToldEvents::get(db, key.workspace, told.id).await.unwrap().unwrap()
    };
    let (first, second, young) = (told(key, 1).await, told(key, 2).await, told(key, 50).await);
    let theirs = told(other, 1).await;
    let webhook = webhook(key);
    Webhooks::insert(db, &webhook, 9).await.unwrap();
    let waiting = delivery(&webhook, &first, DeliveryState::Waiting, 1);
    let done = delivery(&webhook, &second, DeliveryState::Delivered, 2);
    let fresh = delivery(&webhook, &young, DeliveryState::Failed, 50);
    db.add(&[waiting.clone(), done.clone(), fresh.clone()]).await.unwrap();

    let which = TooOld { workspace: key.workspace, before: at(50) };
    assert_eq!(db.forget(Aged::Events, which, 9).await.unwrap(), 1, "one still has to be delivered");
    let left = async |key: SessionKey, event: &ToldEntry| {
        ToldEvents::get(db, key.workspace, event.told.id).await.unwrap().is_some()
    };
    assert!(left(key, &first).await && !left(key, &second).await && left(key, &young).await);
    assert!(left(other, &theirs).await, "another tenant's");

    assert_eq!(db.forget(Aged::Deliveries, which, 9).await.unwrap(), 1);
    for (delivery, stays) in [(&waiting, true), (&done, false), (&fresh, true)] {
        let found = Deliveries::get(db, key.workspace, delivery.id).await.unwrap();
        assert_eq!(found.is_some(), stays, "{delivery:?}");
    }
    assert_eq!(db.forget(Aged::Deliveries, which, 9).await.unwrap(), 0);
}

pub(crate) fn webhook(key: SessionKey) -> Webhook {
    Webhook {
        id: id(),
        workspace: key.workspace,
        session: None,
        url: "https://example.com/hook".to_owned(),
        description: None,
        events: Vec::new(),
        headers: Vec::new(),
        secrets: Vec::new(),
        notify_email: None,
        enabled: true,
        disabled: None,
        cursor: 0,
        failing_since: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn delivery(webhook: &Webhook, event: &ToldEntry, state: DeliveryState, millis: i64) -> Delivery {
    Delivery {
        id: id(),
        workspace: webhook.workspace,
        webhook: webhook.id,
        event: event.told.id,
        seq: event.seq,
        kind: event.told.data.kind(),
        session: event.told.session,
        order: event.order.clone(),
        state,
        next_at: None,
        tries: 1,
        attempts: Vec::new(),
        created_at: at(millis),
        ended_at: (state != DeliveryState::Waiting).then_some(at(millis)),
    }
}
