//! Texts both ways, receipts, order, failures.

use wagate_domain::{
    MessageId,
    events::EventData,
    messages::{Direction, Status},
    ports::{ChatQuery, Chats, Lanes, Messages},
    sessions::{Command, CommandReply, State},
};
use wagate_sandbox::phones::{ReadBehaviour, SettingsChange};

use crate::rig::{Rig, eventually};

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_sent_delivered_and_read() {
    let rig = Rig::start().await;
    let reader = SettingsChange { read: Some(ReadBehaviour::Immediately), ..Default::default() };
    rig.sandbox.phones().register(THEM, None, reader).await.expect("phone");
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let sent = rig.send_text(session, THEM, "hello").await;
    rig.status(session, sent.id, Status::Sending).await;
    rig.status(session, sent.id, Status::Sent).await;
    let shown = rig.shown(THEM, &sent.stanza_id).await;
    assert_eq!((shown.text.as_deref(), shown.duplicates), (Some("hello"), 0));
    for wanted in [Status::Delivered, Status::Read] {
        let contact = rig
            .event(wanted.name(), session, |data| match data {
                EventData::MessageReceipt { stanza_ids, status, contact, .. }
                    if *status == wanted && stanza_ids.contains(&sent.stanza_id) =>
                {
                    Some(contact.clone())
                }
                _ => None,
            })
            .await;
        assert!(contact.pn.is_some() && contact.lid.is_some(), "{contact:?}");
    }
    eventually("read on record", || async {
        let message = Messages::get(&rig.db, session.workspace, sent.id).await.expect("record")?;
        (message.status == Status::Read).then_some(())
    })
    .await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_comes_in_and_is_marked_read() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let id = rig.phone_says(THEM, US, "hi there").await;
    let message = rig.received(session, "hi there").await;
    assert_eq!(message.stanza_id, id);
    assert_eq!(message.direction, Direction::In);
    assert!(!message.offline);
    assert_eq!(message.contact.pn.as_deref(), Some(THEM));
    assert!(message.contact.lid.is_some());
    assert!(message.push_name.is_some());

    let unread = async || {
        let query = ChatQuery { session: Some(session.id), limit: 1, ..ChatQuery::default() };
        Chats::list(&rig.db, session.workspace, &query).await.expect("record")[0].unread
    };
    assert_eq!(unread().await, 1);
    let read = Command::MarkRead { chat: message.chat.to_string(), ids: vec![id.clone()] };
    assert_eq!(rig.call(session, read).await, CommandReply::Done);
    eventually("the read receipt", || async {
        let message = rig.sandbox.phones().message(THEM, &id).await.expect("message");
        (message.status == wagate_sandbox::phones::Status::Read).then_some(())
    })
    .await;
    eventually("nothing unread", || async { (unread().await == 0).then_some(()) }).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_our_own_phone_writes_is_on_record_as_sent() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    rig.phone_says(US, THEM, "from the phone").await;
    let message = rig.received(session, "from the phone").await;
    assert_eq!((message.direction, message.status), (Direction::Out, Status::Sent));
    assert_eq!(message.contact.pn.as_deref(), Some(THEM));
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_arrive_in_the_order_they_were_accepted() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let mut sent = Vec::new();
    for n in 0..10 {
        sent.push(rig.send_text(session, THEM, &format!("number {n}")).await);
    }
    for message in &sent {
        rig.status(session, message.id, Status::Sent).await;
        rig.shown(THEM, &message.stanza_id).await;
    }
    let inbox = rig.sandbox.phones().inbox(THEM, 0, 100).await.expect("inbox");
    let texts: Vec<String> = inbox.items.into_iter().filter_map(|message| message.text).collect();
    let expected: Vec<String> = (0..10).map(|n| format!("number {n}")).collect();
    assert_eq!(texts, expected);
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_without_whatsapp_fails() {
    let rig = Rig::start().await;
    let nobody = SettingsChange { on_whatsapp: Some(false), ..Default::default() };
    rig.sandbox.phones().register(THEM, None, nobody).await.expect("phone");
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let sent = rig.send_text(session, THEM, "anybody?").await;
    assert_eq!(failure(&rig, session, sent.id).await, "not_on_whatsapp");
    // the lane goes on
    rig.phone("6281111111111").await;
    let next = rig.send_text(session, "6281111111111", "you?").await;
    rig.status(session, next.id, Status::Sent).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_wait_until_the_session_is_linked() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.session().await;
    rig.qr(session).await;
    let sent = rig.send_text(session, THEM, "early").await;
    assert!(rig.record(session).await.state != State::Connected);
    rig.scan(session, US).await;
    rig.status(session, sent.id, Status::Sent).await;
    let depth = rig.lanes().depth(session).await.expect("depth");
    assert_eq!((depth.interactive, depth.in_flight), (0, 0));
    connector.shutdown().await;
    rig.stop().await;
}

async fn failure(rig: &Rig, session: wagate_domain::sessions::SessionKey, id: MessageId) -> String {
    rig.event("failure", session, |data| match data {
        EventData::MessageStatus { message, status: Status::Failed, failure: Some(failure) }
            if *message == id =>
        {
            Some(failure.code.clone())
        }
        _ => None,
    })
    .await
}
