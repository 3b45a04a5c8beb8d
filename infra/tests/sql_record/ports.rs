//! What is stored comes back, to its tenant only.

use wagate_domain::{
    ApiKeyId, ConnectorId, MessageId, SessionId,
    auth::{ApiKey, Networks, Permissions},
    media::MediaState,
    messages::{Message, Quote, Status},
    ports::{
        ApiKeys, ChatFilter, Contacts, MediaIndex, MessageQuery, Messages, PortError, Projection, Sessions,
        Workspaces,
    },
    sessions::{Reason, Session, SessionKey, State},
};
use wagate_infra::sql::{Database, wa::WaStore};

use crate::{
    events::{accepted, received, status},
    sample::{
        api_key, at, id, incoming, lid, media as media_of, outgoing, pn, session, stored_session, workspace,
    },
};

pub(crate) async fn workspaces(db: &Database) {
    let (first, second) = (workspace(), workspace());
    Workspaces::insert(db, &second).await.unwrap();
    Workspaces::insert(db, &first).await.unwrap();
    let listed = Workspaces::list(db).await.unwrap();
    let ours: Vec<_> = listed.into_iter().filter(|one| one.id == first.id || one.id == second.id).collect();
    assert_eq!(ours, [first.clone(), second]);
    let again = Workspaces::insert(db, &first).await;
    assert!(matches!(again, Err(PortError::Internal { what: "SQL", .. })), "{again:?}");
}

pub(crate) async fn api_keys(db: &Database) {
    let workspace = id();
    let (first, second) = (api_key(workspace), api_key(workspace));
    for key in [&first, &second, &api_key(id())] {
        ApiKeys::insert(db, key).await.unwrap();
    }
    assert_eq!(ApiKeys::find(db, &first.hash).await.unwrap(), Some(first.clone()));
    assert_eq!(ApiKeys::find(db, "no such hash").await.unwrap(), None);
    assert_eq!(ApiKeys::list(db, workspace).await.unwrap(), [first.clone(), second.clone()]);

    let old = &first.before.as_ref().unwrap().hash;
    assert_eq!(
        ApiKeys::find(db, old).await.unwrap(),
        Some(first.clone()),
        "the secret before leads to it too"
    );
    assert_eq!(ApiKeys::get(db, workspace, first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(ApiKeys::get(db, id(), first.id).await.unwrap(), None, "another tenant's key");
    let from = "::1".parse().unwrap();
    db.used(&second, at(7), Some(from)).await.unwrap();
    let second = ApiKey { last_used_at: Some(at(7)), last_used_from: Some(from), ..second };
    assert_eq!(ApiKeys::get(db, workspace, second.id).await.unwrap(), Some(second.clone()));

    let wider = ApiKey {
        name: "wider".to_owned(),
        hash: "another hash".to_owned(),
        before: None,
        scopes: Permissions::WORKSPACE,
        sessions: None,
        addresses: Networks::default(),
        expires_at: None,
        ..first.clone()
    };
    let stranger = ApiKey { workspace: id(), ..wider.clone() };
    assert!(!ApiKeys::update(db, &first, &stranger).await.unwrap(), "another tenant's key");
    assert!(ApiKeys::update(db, &first, &wider).await.unwrap());
    assert!(!ApiKeys::update(db, &first, &first).await.unwrap(), "it has got another secret since");
    assert_eq!(ApiKeys::get(db, workspace, first.id).await.unwrap(), Some(wider.clone()));
    assert_eq!(ApiKeys::find(db, old).await.unwrap(), None);
    let first = wider;

    assert!(!db.revoke(id(), first.id, at(9)).await.unwrap(), "another tenant's key");
    assert!(!db.revoke(workspace, id::<ApiKeyId>(), at(9)).await.unwrap(), "no such key");
    assert!(db.revoke(workspace, first.id, at(9)).await.unwrap());
    assert!(db.revoke(workspace, first.id, at(10)).await.unwrap());
    assert_eq!(ApiKeys::find(db, &first.hash).await.unwrap(), None);
    let listed = ApiKeys::list(db, workspace).await.unwrap();
    assert_eq!(listed[0].revoked_at, Some(at(9)), "the first date stands");
    assert!(!ApiKeys::update(db, &first, &first).await.unwrap(), "revoked");
    assert_eq!(listed[1], second);
}

pub(crate) async fn sessions(db: &Database) {
    let workspace = id();
    let mut stored = Vec::new();
    for n in 0..3 {
        let mut new = session(workspace);
        if n == 1 {
            new.wanted = false;
            new.reason = Some(Reason::new("device_removed", "The phone removed this device."));
            (new.pn, new.lid) = (Some("62811".to_owned()), Some("77".to_owned()));
            new.push_name = Some("Shop".to_owned());
            new.state = State::LoggedOut;
        }
        assert_eq!(Sessions::insert(db, &new).await.unwrap(), new);
        stored.push(new);
    }
    let other = Session { name: "again".to_owned(), ..stored[0].clone() };
    assert_eq!(Sessions::insert(db, &other).await.unwrap(), stored[0], "the first of one id stays");
    let theft = Session { workspace: id(), ..stored[0].clone() };
    assert!(Sessions::insert(db, &theft).await.is_err(), "an id belongs to one tenant");

    assert_eq!(Sessions::get(db, workspace, stored[1].id).await.unwrap().as_ref(), Some(&stored[1]));
    assert_eq!(Sessions::get(db, id(), stored[1].id).await.unwrap(), None);
    assert_eq!(Sessions::list(db, workspace, None, 10).await.unwrap(), stored);
    assert_eq!(Sessions::list(db, workspace, None, 2).await.unwrap(), stored[..2]);
    assert_eq!(Sessions::list(db, workspace, Some(stored[1].id), 10).await.unwrap(), stored[2..]);

    let wanted = db.wanted().await.unwrap();
    assert!(wanted.contains(&stored[0]) && !wanted.contains(&stored[1]));
    assert_eq!(db.set_wanted(id(), stored[0].id, false).await.unwrap(), None);
    let changed = db.set_wanted(workspace, stored[0].id, false).await.unwrap().unwrap();
    assert!(!changed.wanted);
    assert!(!db.wanted().await.unwrap().contains(&changed));

    assert!(!Sessions::delete(db, id(), stored[0].id).await.unwrap());
    assert!(Sessions::delete(db, workspace, stored[0].id).await.unwrap());
    assert!(!Sessions::delete(db, workspace, stored[0].id).await.unwrap());
    assert_eq!(Sessions::get(db, workspace, stored[0].id).await.unwrap(), None);
}

pub(crate) async fn epochs(db: &Database) {
    let key = stored_session(db).await;
    let owner: ConnectorId = id();
    let raised = db.raise_epoch(key.id, 0, owner).await.unwrap().unwrap();
    assert_eq!(raised.epoch, 1);
    assert_eq!(db.raise_epoch(key.id, 0, owner).await.unwrap(), None, "somebody was faster");
    assert_eq!(db.raise_epoch(id::<SessionId>(), 0, owner).await.unwrap(), None, "no such session");

    let takers = (0..8).map(|_| {
        let db = db.clone();
        tokio::spawn(async move { db.raise_epoch(key.id, 1, id()).await.unwrap() })
    });
    let won =
        futures::future::join_all(takers).await.into_iter().filter(|taken| taken.as_ref().unwrap().is_some());
    assert_eq!(won.count(), 1, "one of many takes it");

    db.set_wanted(key.workspace, key.id, false).await.unwrap();
    assert_eq!(db.raise_epoch(key.id, 2, owner).await.unwrap(), None, "not wanted any more");
}

pub(crate) async fn media(db: &Database) {
    let key = stored_session(db).await;
    let mut staged = media_of(key.workspace, None, 5);
    let (late, early) = (media_of(key.workspace, Some(key.id), 8), media_of(key.workspace, Some(key.id), 7));
    for one in [&staged, &late, &early] {
        MediaIndex::insert(db, one).await.unwrap();
    }
    let mut again = staged.clone();
    again.mime = "text/plain".to_owned();
    MediaIndex::insert(db, &again).await.unwrap();
    assert_eq!(MediaIndex::get(db, key.workspace, staged.id).await.unwrap(), Some(staged.clone()));
    assert_eq!(MediaIndex::get(db, id(), staged.id).await.unwrap(), None);

    let pending = db.pending(key.workspace, key.id, 10).await.unwrap();
    assert_eq!(pending, [early.clone(), late.clone()], "oldest first");
    assert_eq!(db.pending(key.workspace, key.id, 1).await.unwrap(), [early]);
    assert_eq!(db.pending(id(), key.id, 10).await.unwrap(), []);
    assert!(db.abandoned(at(6), 1_000).await.unwrap().contains(&staged));
    assert!(!db.abandoned(at(5), 1_000).await.unwrap().contains(&staged), "strictly before");
    assert!(!db.abandoned(at(100), 1_000).await.unwrap().contains(&late), "inbound is not abandoned");

    (staged.state, staged.size, staged.sha256) = (MediaState::Ready, 12_345, Some("ab".repeat(32)));
    let mut foreign = staged.clone();
    foreign.workspace = id();
    MediaIndex::update(db, &foreign).await.unwrap();
    assert_eq!(
        MediaIndex::get(db, key.workspace, staged.id).await.unwrap().unwrap().state,
        MediaState::Pending
    );
    MediaIndex::update(db, &staged).await.unwrap();
    assert_eq!(MediaIndex::get(db, key.workspace, staged.id).await.unwrap(), Some(staged.clone()));
    assert!(!db.abandoned(at(100), 1_000).await.unwrap().contains(&staged));

    MediaIndex::delete(db, id(), staged.id).await.unwrap();
    assert!(MediaIndex::get(db, key.workspace, staged.id).await.unwrap().is_some());
    MediaIndex::delete(db, key.workspace, staged.id).await.unwrap();
    assert_eq!(MediaIndex::get(db, key.workspace, staged.id).await.unwrap(), None);
}

pub(crate) async fn messages(db: &Database) {
    let key = stored_session(db).await;
    let group: wagate_domain::Address = "120363000000000001@g.us".parse().unwrap();
    let mut told = Vec::new();
    let mut events = Vec::new();
    for n in 0..4 {
        let mut message = outgoing(key, &pn("62811"), 100 + n / 2);
        message.quote = Some(Quote {
            stanza_id: "3EB0".to_owned(),
            message: None,
            from_me: false,
            author: Some(lid("9")),
            text: Some("?".to_owned()),
        });
        events.push(accepted(&message, 100 + n));
        told.push(message);
    }
    let reply = incoming(key, &lid("777"), "A1", 200);
    let mut reply = reply;
    reply.contact = crate::sample::both("62811", "777");
    events.push(received(&reply, None, 200));
    let in_group = incoming(key, &group, "A2", 201);
    events.push(received(&in_group, None, 201));
    db.apply(&events).await.unwrap();

    let contact = db.find_one(key, &pn("62811")).await;
    assert_eq!(db.find_one(key, &lid("777")).await, contact, "one person under both addresses");
    assert_eq!(contact.push_name.as_deref(), Some("Budi"));

    let mut expected = told[0].clone();
    (expected.contact, expected.contact_id) = (crate::sample::both("62811", "777"), Some(contact.id));
    assert_eq!(Messages::get(db, key.workspace, told[0].id).await.unwrap(), Some(expected));
    assert_eq!(Messages::get(db, id(), told[0].id).await.unwrap(), None);
    let found = Messages::get(db, key.workspace, in_group.id).await.unwrap().unwrap();
    assert_eq!((found.contact_id, &found.contact), (None, &in_group.contact));

    pages(db, key, &told, &reply, &in_group).await;
}

async fn pages(db: &Database, key: SessionKey, told: &[Message], reply: &Message, in_group: &Message) {
    let contact = db.find_one(key, &pn("62811")).await.id;
    let query = |chat, before, limit| MessageQuery {
        session: Some(key.id),
        chat,
        before,
        limit,
        ..MessageQuery::default()
    };
    let ids = |found: Vec<Message>| found.into_iter().map(|message| message.id).collect::<Vec<_>>();
    let all = [in_group.id, reply.id, told[3].id, told[2].id, told[1].id, told[0].id];

    let list = async |query: MessageQuery| ids(Messages::list(db, key.workspace, &query).await.unwrap());
    assert_eq!(list(query(None, None, 10)).await, all);
    assert_eq!(list(MessageQuery { session: None, ..query(None, None, 10) }).await, all);
    assert_eq!(list(query(None, Some((told[3].at, told[3].id)), 2)).await, all[3..5], "same millisecond");
    let chat = Some(ChatFilter::Contact(vec![contact]));
    assert_eq!(list(query(chat.clone(), None, 10)).await, all[1..], "both directions, both addresses");
    assert_eq!(list(query(chat, Some((told[2].at, told[2].id)), 10)).await, all[4..]);
    assert_eq!(list(query(Some(ChatFilter::Contact(vec![id()])), None, 10)).await, []);
    let group = Some(ChatFilter::Address(in_group.chat.clone()));
    assert_eq!(list(query(group, None, 10)).await, all[..1]);
    assert_eq!(list(MessageQuery { session: Some(id()), ..query(None, None, 10) }).await, []);
    assert_eq!(Messages::list(db, id(), &query(None, None, 10)).await.unwrap(), []);
}

/// What peers write may hold characters that PostgreSQL does not take; it must not stop the log.
pub(crate) async fn odd_text(db: &Database) {
    let key = stored_session(db).await;
    let mut message = incoming(key, &pn("62815"), "odd\0id", 1);
    message.push_name = Some("nul\0nul".to_owned());
    message.content = wagate_domain::messages::Content::Text { body: "a\0b 🙂".to_owned() };
    let mut file = media_of(key.workspace, Some(key.id), 1);
    file.file_name = Some("x\0.jpg".to_owned());
    file.locator = Some(serde_json::json!({"k": "v\0"}));
    db.apply(&[received(&message, Some(&file), 1)]).await.unwrap();
    let mut twin = message.clone();
    twin.id = id();
    db.apply(&[received(&twin, None, 2)]).await.unwrap();
    assert_eq!(Messages::get(db, key.workspace, twin.id).await.unwrap(), None, "the same odd id again");

    let found = Messages::get(db, key.workspace, message.id).await.unwrap().unwrap();
    assert_eq!(found.content, message.content);
    assert_eq!(found.push_name.as_deref(), Some("nul\u{fffd}nul"));
    let found = MediaIndex::get(db, key.workspace, file.id).await.unwrap().unwrap();
    assert_eq!(found.locator, file.locator);
}

/// Pre-keys count as uploaded once they are marked, and only if they are still there.
pub(crate) async fn uploaded_prekeys(db: &Database) {
    let store = WaStore::new(db.clone(), stored_session(db).await, 0);
    store.put_prekeys([1, 2, 3].map(|id| (id, b"k".as_slice())), false).await.unwrap();
    store.put_prekeys([(4, b"k".as_slice())], true).await.unwrap();
    assert_eq!(store.uploaded_prekeys().await.unwrap(), 1);
    store.delete_prekey(2).await.unwrap();
    store.mark_prekeys_uploaded(&[1, 2]).await.unwrap();
    assert_eq!(store.uploaded_prekeys().await.unwrap(), 2);
    assert_eq!(store.prekeys(&[1, 2, 3, 4]).await.unwrap().len(), 3);
}

/// The one contact of a session under an address.
pub(crate) trait FindOne {
    fn find_one(
        &self,
        key: SessionKey,
        address: &wagate_domain::Address,
    ) -> impl Future<Output = wagate_domain::Contact> + Send;
}

impl FindOne for Database {
    async fn find_one(&self, key: SessionKey, address: &wagate_domain::Address) -> wagate_domain::Contact {
        let mut found = Contacts::find(self, key.workspace, Some(key.id), address).await.unwrap();
        assert_eq!(found.len(), 1, "{address}: {found:?}");
        assert_eq!(Contacts::find(self, key.workspace, None, address).await.unwrap(), found);
        assert_eq!(Contacts::find(self, id(), None, address).await.unwrap(), []);
        found.remove(0)
    }
}

pub(crate) async fn unfinished(db: &Database) {
    let key = stored_session(db).await;
    let chat = pn("628171");
    let made: Vec<Message> = (0..5).map(|n| outgoing(key, &chat, n)).collect();
    let mut later = outgoing(key, &chat, 5);
    later.status = Status::Scheduled;
    later.send_at = Some(at(900));
    later.campaign = Some("xmas".to_owned());
    let events: Vec<_> = made.iter().chain([&later]).map(|message| accepted(message, 1)).collect();
    db.apply(&events).await.unwrap();
    let ended = [
        status(key, made[0].id, Status::Sent, 2),
        status(key, made[1].id, Status::Failed, 2),
        status(key, made[2].id, Status::Sending, 2),
    ];
    db.apply(&ended).await.unwrap();
    let ours = |messages: Vec<Message>| -> Vec<MessageId> {
        messages.into_iter().filter(|message| message.session == key.id).map(|message| message.id).collect()
    };
    let waiting = [made[2].id, made[3].id, made[4].id, later.id];
    assert_eq!(ours(db.unfinished(None, 10_000).await.unwrap()), waiting);
    assert_eq!(ours(db.unfinished(Some(made[3].id), 10_000).await.unwrap()), waiting[2..]);
    assert_eq!(ours(db.unfinished(Some(made[1].id), 1).await.unwrap()), waiting[..1]);
    assert_eq!(ours(db.overdue(at(1_003), 10_000).await.unwrap()), [made[2].id], "each expires a second on");
    let query = MessageQuery {
        session: Some(key.id),
        status: Some(Status::Scheduled),
        campaign: Some("xmas".to_owned()),
        limit: 9,
        ..MessageQuery::default()
    };
    let found = Messages::list(db, key.workspace, &query).await.unwrap();
    assert_eq!(
        (found.len(), found[0].send_at, found[0].campaign.as_deref()),
        (1, Some(at(900)), Some("xmas"))
    );
    let failed = MessageQuery { status: Some(Status::Failed), campaign: None, ..query };
    assert_eq!(ours(Messages::list(db, key.workspace, &failed).await.unwrap()), [made[1].id]);
}
