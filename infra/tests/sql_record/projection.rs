//! What events do to the record.

use wagate_domain::{
    ContactIds,
    events::EventData,
    media::MediaState,
    messages::{Content, Message, Priority, Status},
    ports::{ChatFilter, Contacts, MediaIndex, MessageQuery, Messages, Projection, Sessions},
    sessions::{Reason, SessionKey, State},
};
use wagate_infra::sql::Database;

use crate::{
    events::{accepted, contact, event, receipt, receipt_by, received, state, status},
    ports::FindOne,
    sample::{at, both, id, incoming, lid, media, outgoing, pn, stored_session},
};

async fn message(db: &Database, message: &Message) -> Message {
    Messages::get(db, message.workspace, message.id).await.unwrap().expect("a stored message")
}

pub(crate) async fn forward_only(db: &Database) {
    let key = stored_session(db).await;
    let sent = outgoing(key, &pn("62811"), 1);
    db.apply(&[accepted(&sent, 1), status(key, sent.id, Status::Sending, 2)]).await.unwrap();
    db.apply(&[receipt(key, &pn("62811"), &[&sent.stanza_id], Status::Delivered, 5)]).await.unwrap();
    let found = message(db, &sent).await;
    assert_eq!((found.status, found.times.sent), (Status::Delivered, None), "sent was not reported yet");
    db.apply(&[status(key, sent.id, Status::Sent, 6), status(key, sent.id, Status::Failed, 7)])
        .await
        .unwrap();
    let found = message(db, &sent).await;
    assert_eq!((found.status, found.failure), (Status::Delivered, None));
    assert_eq!(
        (found.times.sending, found.times.sent),
        (Some(at(2)), Some(at(6))),
        "reported late, still noted"
    );
    assert_eq!((found.times.delivered, found.times.ended), (Some(at(4)), None));

    let failed = outgoing(key, &pn("62811"), 1);
    db.apply(&[accepted(&failed, 1), status(key, failed.id, Status::Failed, 3)]).await.unwrap();
    let found = message(db, &failed).await;
    assert_eq!((found.status, found.times.ended), (Status::Failed, Some(at(3))));
    assert_eq!(found.failure.unwrap().code, "not_on_whatsapp");
    db.apply(&[status(key, failed.id, Status::Sent, 9)]).await.unwrap();
    let found = message(db, &failed).await;
    assert_eq!(
        (found.status, found.failure, found.times.ended),
        (Status::Sent, None, None),
        "it arrived after all"
    );

    let cancelled = outgoing(key, &pn("62811"), 1);
    db.apply(&[accepted(&cancelled, 1), status(key, cancelled.id, Status::Cancelled, 3)]).await.unwrap();
    db.apply(&[status(key, cancelled.id, Status::Sent, 4)]).await.unwrap();
    let found = message(db, &cancelled).await;
    assert_eq!((found.status, found.times.sent), (Status::Cancelled, None));
    assert!(found.failure.is_some(), "why it was cancelled");

    let other = stored_session(db).await;
    db.apply(&[status(other, failed.id, Status::Read, 10)]).await.unwrap();
    assert_eq!(message(db, &failed).await.status, Status::Sent, "another session's event");
}

pub(crate) async fn receipts(db: &Database) {
    let key = stored_session(db).await;
    let chat = pn("62812");
    let (first, second) = (outgoing(key, &chat, 1), outgoing(key, &chat, 2));
    let answer = incoming(key, &chat, &first.stanza_id, 3);
    let early = receipt(key, &chat, &[&first.stanza_id, "unknown"], Status::Read, 1);
    db.apply(&[early]).await.unwrap();
    db.apply(&[accepted(&first, 1), accepted(&second, 2), received(&answer, None, 3)]).await.unwrap();
    let both_read = [first.stanza_id.as_str(), "unknown", &second.stanza_id];
    db.apply(&[receipt(key, &chat, &both_read, Status::Read, 4)]).await.unwrap();
    assert_eq!(message(db, &first).await.status, Status::Read);
    assert_eq!(message(db, &second).await.times.read, Some(at(3)), "when the recipient's device says");
    assert_eq!(message(db, &answer).await.status, Status::Received, "receipts are for what we sent");
    db.apply(&[receipt(key, &chat, &both_read, Status::Played, 9)]).await.unwrap();
    assert_eq!(message(db, &second).await.status, Status::Played);

    let stranger = receipt(key, &pn("62899"), &[], Status::Read, 10);
    db.apply(&[stranger]).await.unwrap();
    assert_eq!(Contacts::find(db, key.workspace, None, &pn("62899")).await.unwrap(), [], "not a contact yet");
    db.apply(&[receipt_by(key, &chat, both("62812", "812"), &[], Status::Read, 11)]).await.unwrap();
    assert_eq!(db.find_one(key, &lid("812")).await.ids, both("62812", "812"), "receipts teach the LID");
}

pub(crate) async fn deduplicates(db: &Database) {
    let key = stored_session(db).await;
    let first = incoming(key, &pn("62811"), "X1", 1);
    let mut events = vec![received(&first, None, 1)];
    let mut again = incoming(key, &lid("811"), "X1", 2);
    again.contact = both("62811", "811");
    events.push(received(&again, Some(&media(key.workspace, Some(key.id), 2)), 2));
    let mut echo = outgoing(key, &pn("62811"), 3);
    echo.stanza_id = "X1".to_owned();
    events.push(received(&echo, None, 3));
    let elsewhere = incoming(key, &pn("62822"), "X1", 4);
    events.push(received(&elsewhere, None, 4));
    db.apply(&events).await.unwrap();
    db.apply(&events).await.unwrap();

    let listed = list(db, key, None).await;
    let ids: Vec<_> = listed.iter().map(|message| message.id).collect();
    assert_eq!(ids, [elsewhere.id, echo.id, first.id], "once per chat and direction");
    assert_eq!(db.pending(key.workspace, key.id, 10).await.unwrap(), [], "the copy's file is not fetched");
}

pub(crate) async fn joins_pn_and_lid(db: &Database) {
    let key = stored_session(db).await;
    let to_number = outgoing(key, &pn("62831"), 1);
    let from_lid = incoming(key, &lid("831"), "L1", 2);
    db.apply(&[accepted(&to_number, 1)]).await.unwrap();
    db.apply(&[received(&from_lid, None, 2)]).await.unwrap();
    let (older, younger) = (db.find_one(key, &pn("62831")).await, db.find_one(key, &lid("831")).await);
    assert_ne!(older.id, younger.id);

    db.apply(&[contact(key, both("62831", "831"), Some("Ani"), 3)]).await.unwrap();
    let joined = db.find_one(key, &pn("62831")).await;
    assert_eq!((joined.id, joined.push_name.as_deref()), (older.id, Some("Ani")), "the older one stays");
    assert_eq!(db.find_one(key, &lid("831")).await, joined);
    let chat = Some(ChatFilter::Contact(vec![joined.id]));
    let ids: Vec<_> = list(db, key, chat).await.iter().map(|one| one.id).collect();
    assert_eq!(ids, [from_lid.id, to_number.id]);
    assert_eq!(message(db, &from_lid).await.contact_id, Some(older.id));
    let before = list(db, key, Some(ChatFilter::Contact(vec![younger.id]))).await;
    assert_eq!(before.len(), 2, "the id from before the merge still leads there");

    let one_batch = stored_session(db).await;
    let (a, b) = (outgoing(one_batch, &pn("62832"), 1), incoming(one_batch, &lid("832"), "L2", 2));
    let told = contact(one_batch, both("62832", "832"), None, 3);
    let later = incoming(one_batch, &pn("62832"), "L3", 4);
    db.apply(&[accepted(&a, 1), received(&b, None, 2), told, received(&later, None, 4)]).await.unwrap();
    let joined = db.find_one(one_batch, &lid("832")).await;
    let listed = list(db, one_batch, Some(ChatFilter::Contact(vec![joined.id]))).await;
    assert_eq!(listed.len(), 3);
}

/// The API's clock may be ahead of the connector's; what a message teaches still counts.
pub(crate) async fn learns_beside_a_busy_api(db: &Database) {
    let key = stored_session(db).await;
    db.apply(&[accepted(&outgoing(key, &pn("62836"), 1), 5_000)]).await.unwrap();
    let mut reply = incoming(key, &lid("836"), "B1", 2);
    reply.contact = both("62836", "836");
    db.apply(&[received(&reply, None, 2)]).await.unwrap();
    let found = db.find_one(key, &pn("62836")).await;
    assert_eq!((found.ids, found.push_name.as_deref()), (both("62836", "836"), Some("Budi")));
}

pub(crate) async fn numbers_move(db: &Database) {
    let key = stored_session(db).await;
    db.apply(&[contact(key, both("62841", "841"), Some("old"), 1)]).await.unwrap();
    let old = db.find_one(key, &pn("62841")).await;
    db.apply(&[contact(key, both("62841", "842"), Some("new"), 2)]).await.unwrap();
    let new = db.find_one(key, &pn("62841")).await;
    assert_ne!(new.id, old.id, "a number that moved to another LID is another person's");
    assert_eq!(new.ids, both("62841", "842"));
    let left = ContactIds { pn: None, lid: Some("841".to_owned()) };
    assert_eq!(db.find_one(key, &lid("841")).await.ids, left);

    db.apply(&[contact(key, both("62843", "842"), None, 3)]).await.unwrap();
    assert_eq!(db.find_one(key, &pn("62843")).await.id, new.id, "a person with a new number stays the same");
    assert_eq!(Contacts::find(db, key.workspace, None, &pn("62841")).await.unwrap(), []);

    let swap = [contact(key, both("62843", "841"), None, 4), contact(key, both("62841", "842"), None, 5)];
    db.apply(&swap).await.unwrap();
    assert_eq!(db.find_one(key, &lid("841")).await.ids, both("62843", "841"), "handed on within a batch");
    assert_eq!(db.find_one(key, &lid("842")).await.ids, both("62841", "842"));
}

pub(crate) async fn merges_drop_twins(db: &Database) {
    let key = stored_session(db).await;
    let (one, two) = (incoming(key, &pn("62851"), "T1", 1), incoming(key, &lid("851"), "T1", 2));
    let three = incoming(key, &lid("851"), "T2", 3);
    db.apply(&[received(&one, None, 1)]).await.unwrap();
    db.apply(&[received(&two, None, 2), received(&three, None, 3)]).await.unwrap();
    assert_eq!(list(db, key, None).await.len(), 3);
    db.apply(&[contact(key, both("62851", "851"), None, 4)]).await.unwrap();
    let ids: Vec<_> = list(db, key, None).await.iter().map(|one| one.id).collect();
    assert_eq!(ids, [three.id, one.id], "what both chats had is there once");

    // one of the twins is touched, by its id, in the batch that merges
    let (one, two) = (incoming(key, &pn("62852"), "T3", 5), incoming(key, &lid("852"), "T3", 6));
    db.apply(&[received(&one, None, 5), received(&two, None, 6)]).await.unwrap();
    let touched = status(key, two.id, Status::Read, 7);
    db.apply(&[touched, contact(key, both("62852", "852"), None, 8)]).await.unwrap();
    assert_eq!(message(db, &one).await.stanza_id, "T3");
    assert_eq!(Messages::get(db, key.workspace, two.id).await.unwrap(), None);
}

pub(crate) async fn session_events(db: &Database) {
    let key = stored_session(db).await;
    let get = async || Sessions::get(db, key.workspace, key.id).await.unwrap();
    let reason = Some(Reason::new("restricted", "Wait."));
    let restricted =
        event(key, 10, EventData::SessionStatus { state: State::Restricted, reason: reason.clone() });
    let linked = |lid: Option<&str>, name: Option<&str>, millis| {
        let data = EventData::SessionLinked {
            pn: "62861".to_owned(),
            lid: lid.map(str::to_owned),
            push_name: name.map(str::to_owned),
        };
        event(key, millis, data)
    };
    // the second owner's clock is behind the first one's
    let told = [
        state(key, State::Connected, 20),
        linked(Some("861"), Some("Shop"), 21),
        linked(None, None, 22),
        restricted,
    ];
    db.apply(&told).await.unwrap();
    let found = get().await.unwrap();
    assert_eq!(
        (found.state, found.reason.clone()),
        (State::Restricted, reason),
        "the log's order, not the clocks'"
    );
    assert_eq!((found.pn.as_deref(), found.lid.as_deref()), (Some("62861"), Some("861")));
    assert_eq!((found.push_name.as_deref(), found.updated_at), (Some("Shop"), at(22)));

    db.apply(&told[..2]).await.unwrap();
    assert_eq!(get().await.unwrap(), found, "a replay turns nothing back");
    let stranger = SessionKey { workspace: id(), id: key.id };
    db.apply(&[state(stranger, State::Banned, 30)]).await.unwrap();
    assert_eq!(get().await.unwrap(), found, "another tenant's event");
    db.apply(&[event(key, 31, EventData::SessionUnlinked {})]).await.unwrap();
    assert!(!get().await.unwrap().is_linked());

    let many: Vec<_> = (0..100)
        .map(|n| state(key, if n % 2 == 0 { State::Reconnecting } else { State::Connected }, 100 + n))
        .collect();
    db.apply(&many).await.unwrap();
    let last = get().await.unwrap();
    assert_eq!(last.state, State::Connected);
    db.apply(&many[..51]).await.unwrap();
    assert_eq!(get().await.unwrap(), last, "old news, however long ago");

    Sessions::delete(db, key.workspace, key.id).await.unwrap();
    db.apply(&[state(key, State::Connected, 500), linked(None, None, 501)]).await.unwrap();
    assert_eq!(get().await, None, "a deleted session stays deleted");
}

pub(crate) async fn media_settles(db: &Database) {
    let key = stored_session(db).await;
    let told = incoming(key, &pn("62871"), "M1", 1);
    let mut file = media(key.workspace, Some(key.id), 1);
    file.message = Some(told.id);
    let settled = |state: MediaState, size: u64, millis| {
        let mut settled = file.clone();
        (settled.state, settled.size) = (state, size);
        event(key, millis, EventData::MediaSettled { media: Box::new(settled) })
    };
    let early = settled(MediaState::Ready, 1, 0);
    db.apply(&[early]).await.unwrap();
    assert_eq!(MediaIndex::get(db, key.workspace, file.id).await.unwrap(), None, "unknown is not missed");
    let events = [
        received(&told, Some(&file), 1),
        settled(MediaState::Failed, 0, 2),
        settled(MediaState::Ready, 99, 3),
    ];
    db.apply(&events[..1]).await.unwrap();
    assert_eq!(db.pending(key.workspace, key.id, 9).await.unwrap(), std::slice::from_ref(&file));
    db.apply(&events).await.unwrap();
    db.apply(&events[..2]).await.unwrap();
    let found = MediaIndex::get(db, key.workspace, file.id).await.unwrap().unwrap();
    assert_eq!((found.state, found.size, found.locator), (MediaState::Ready, 99, file.locator.clone()));

    MediaIndex::delete(db, key.workspace, file.id).await.unwrap();
    db.apply(&events).await.unwrap();
    assert_eq!(
        MediaIndex::get(db, key.workspace, file.id).await.unwrap(),
        None,
        "a replay brings nothing back"
    );
}

/// Workers that hold different parts of one session's log (one was thought dead) end up with one record.
pub(crate) async fn many_projectors(db: &Database) {
    for _ in 0..8 {
        let key = stored_session(db).await;
        let told = |n: i64| {
            let message = incoming(key, &pn(&format!("6288{}", n % 3)), &format!("P{n}"), n);
            received(&message, None, n)
        };
        let parts = (0..4).map(|part| {
            let (db, events) = (db.clone(), (0..12).map(|n| told(part * 12 + n)).collect::<Vec<_>>());
            tokio::spawn(async move { db.apply(&events).await })
        });
        for applied in futures::future::join_all(parts).await {
            applied.unwrap().unwrap();
        }
        let listed = list(db, key, None).await;
        let contacts: std::collections::BTreeSet<_> = listed.iter().map(|one| one.contact_id).collect();
        assert_eq!((listed.len(), contacts.len()), (48, 3));
    }
}

async fn list(db: &Database, key: SessionKey, chat: Option<ChatFilter>) -> Vec<Message> {
    let query = MessageQuery { session: Some(key.id), chat, limit: 200, ..MessageQuery::default() };
    Messages::list(db, key.workspace, &query).await.unwrap()
}

pub(crate) async fn edits(db: &Database) {
    let key = stored_session(db).await;
    let first =
        Message { status: Status::Scheduled, send_at: Some(at(500)), ..outgoing(key, &pn("628181"), 1) };
    let text = |body: &str| Content::Text { body: body.to_owned() };
    let second = Message { content: text("second"), revision: 1, send_at: Some(at(700)), ..first.clone() };
    let third = Message {
        content: text("third"),
        revision: 2,
        send_at: None,
        status: Status::Accepted,
        priority: Priority::Interactive,
        ..first.clone()
    };
    let edited =
        |message: &Message, millis| event(key, millis, EventData::MessageEdited(Box::new(message.clone())));
    db.apply(&[accepted(&first, 1), edited(&second, 2)]).await.unwrap();
    let found = message(db, &first).await;
    assert_eq!(
        (found.content, found.send_at, found.status),
        (text("second"), Some(at(700)), Status::Scheduled)
    );
    // told again and out of order: what is newest stands
    db.apply(&[edited(&third, 3), edited(&second, 4), accepted(&first, 5)]).await.unwrap();
    let found = message(db, &first).await;
    assert_eq!((found.content, found.send_at, found.revision), (text("third"), None, 2));
    assert_eq!((found.status, found.priority), (Status::Accepted, Priority::Interactive));
    let late = Message { content: text("late"), revision: 3, ..third.clone() };
    db.apply(&[status(key, first.id, Status::Sending, 6), edited(&late, 7)]).await.unwrap();
    assert_eq!(message(db, &first).await.content, text("third"), "it was on its way");
}

pub(crate) async fn queued_again(db: &Database) {
    let key = stored_session(db).await;
    let first = outgoing(key, &pn("628182"), 1);
    let again = Message { revision: 1, expires_at: Some(at(9_000)), ..first.clone() };
    let requeued = |millis| event(key, millis, EventData::MessageRequeued(Box::new(again.clone())));
    let failed = status(key, first.id, Status::Failed, 2);
    db.apply(&[accepted(&first, 1), failed.clone(), requeued(3)]).await.unwrap();
    let found = message(db, &first).await;
    assert_eq!((found.status, found.failure, found.times.ended), (Status::Accepted, None, None));
    assert_eq!(found.expires_at, Some(at(9_000)));
    db.apply(&[status(key, first.id, Status::Sent, 4)]).await.unwrap();
    // the log is told once more
    db.apply(&[accepted(&first, 1), failed, requeued(3), status(key, first.id, Status::Sent, 4)])
        .await
        .unwrap();
    assert_eq!(message(db, &first).await.status, Status::Sent);
    let lost = outgoing(key, &pn("628182"), 5);
    let requeue = event(key, 6, EventData::MessageRequeued(Box::new(lost.clone())));
    db.apply(&[accepted(&lost, 5), status(key, lost.id, Status::Sending, 6), requeue]).await.unwrap();
    assert_eq!(message(db, &lost).await.status, Status::Sending, "it had not ended");
}
