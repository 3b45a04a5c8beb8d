//! Messages and receipts between clients, phones, and queues.

use wacore::proto_helpers::MessageBuilderExt;
use wacore::types::events::Event;
use wacore_binary::Jid;
use wagate_sandbox::phones::{Direction, Outgoing, Status};

use crate::client::Client;
use crate::{Lan, eventually};

const ALICE: &str = "4915200000001";
const BOB: &str = "4915200000002";

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_exchange_texts_and_receipts() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let id = alice.say(BOB, "hello bob").await;
    let message = bob.text("hello bob").await;
    assert_eq!(message.info.id, id);
    assert_eq!((message.info.source.sender.user.as_str(), message.info.source.sender.device), (ALICE, 1));
    let lid = message.info.source.sender_alt.clone().expect("the other address of the sender");
    assert!(lid.is_lid(), "{lid}");
    assert!(!message.info.push_name.is_empty());
    alice.receipt_from(1, &id, "Delivered").await;

    bob.wa().mark_as_read(&Jid::pn(ALICE), None, &[&id]).await.expect("read");
    alice.receipt_from(1, &id, "Read").await;

    let answer = bob.say(ALICE, "hello alice").await;
    alice.text("hello alice").await;
    bob.receipt_from(1, &answer, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_gets_a_text_and_its_answer_arrives() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let id = alice.say(BOB, "hello phone").await;
    let shown = eventually("message on the phone", || async { phones.message(BOB, &id).await.ok() }).await;
    assert_eq!(shown.text.as_deref(), Some("hello phone"));
    assert_eq!(shown.direction, Direction::In);
    alice.receipt(&id, "Delivered").await;

    let outgoing = Outgoing { to: ALICE.into(), text: Some("hello client".into()), ..Outgoing::default() };
    let sent = phones.send(BOB, outgoing).await.expect("send");
    alice.text("hello client").await;
    eventually("delivery", || async {
        let message = phones.message(BOB, &sent.id).await.ok()?;
        (message.status >= Status::Delivered).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn own_devices_get_a_copy_with_its_chat() {
    let lan = Lan::start().await;
    let laptop = Client::linked(&lan.sandbox, ALICE).await;
    let tablet = Client::linked(&lan.sandbox, ALICE).await;
    let id = laptop.say(BOB, "from the laptop").await;
    let copy = tablet.text("from the laptop").await;
    assert!(copy.info.source.is_from_me);
    assert_eq!(copy.info.source.chat.user.as_str(), BOB);
    let phones = lan.sandbox.phones();
    let own = eventually("copy on the own phone", || async { phones.message(ALICE, &id).await.ok() }).await;
    assert_eq!(own.direction, Direction::Out);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_away_arrives_in_order_and_once() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let before = alice.say(BOB, "before").await;
    bob.text("before").await;
    // Only what this device has acknowledged is off its queue.
    alice.receipt_from(1, &before, "Delivered").await;
    let store = bob.leave().await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(alice.say(BOB, &format!("away {n}")).await);
    }
    let bob = Client::with_store(&lan.sandbox, store, None).await;
    bob.text("away 19").await;
    let expected: Vec<String> = (0..20).map(|n| format!("away {n}")).collect();
    assert_eq!(bob.texts(), expected);
    for id in &ids {
        alice.receipt_from(1, id, "Delivered").await;
    }

    // Everything was acknowledged: nothing comes again.
    let store = bob.leave().await;
    let bob = Client::with_store(&lan.sandbox, store, None).await;
    alice.say(BOB, "after").await;
    bob.text("after").await;
    assert_eq!(bob.texts(), ["after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_id_sent_twice_is_shown_once() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    for copy in 1..=2 {
        let message = waproto::whatsapp::Message::text("only once");
        let options = whatsapp_rust::SendOptions::default().with_message_id("3EB0AAAABBBBCCCCDDDD");
        alice.wa().send_message_with_options(Jid::pn(BOB), message, options).await.expect("send");
        let is_ack =
            |event: &Event| matches!(event, Event::ServerAck(ack) if ack.id == "3EB0AAAABBBBCCCCDDDD");
        let acks = || alice.events().iter().filter(|event| is_ack(event)).count();
        eventually("ack of each copy", || async { (acks() >= copy).then_some(()) }).await;
    }
    alice.say(BOB, "last").await;
    bob.text("last").await;
    let copies = bob.texts().iter().filter(|text| *text == "only once").count();
    assert_eq!(copies, 1);
    let phones = lan.sandbox.phones();
    let shown = eventually("message on the phone", || async {
        phones.message(BOB, "3EB0AAAABBBBCCCCDDDD").await.ok()
    })
    .await;
    assert_eq!(shown.duplicates, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_found_and_addressed_by_lid_too() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let found = alice.wa().contacts().is_on_whatsapp(&[Jid::pn(BOB)]).await.expect("query");
    assert!(found[0].is_registered);
    let lid = found[0].lid.clone().expect("lid");
    let account = lan.sandbox.network().account(&lid).await.expect("account").expect("exists");
    assert_eq!(account.pn, BOB);

    let id = alice.wa().send_text(lid, "by lid").await.expect("send").message_id;
    let phones = lan.sandbox.phones();
    let shown = eventually("message on the phone", || async { phones.message(BOB, &id).await.ok() }).await;
    assert_eq!(shown.text.as_deref(), Some("by lid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_time_keys_are_handed_out_once() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let network = lan.sandbox.network();
    let device = Jid::pn_device(ALICE, 1);
    let first = eventually("uploaded keys", || async {
        network.take_bundle(&device).await.expect("bundle").one_time
    })
    .await;
    let mut ids = std::collections::HashSet::from([first.0]);
    let takes = (0..50).map(|_| network.take_bundle(&device));
    for bundle in futures::future::join_all(takes).await {
        let (id, _) = bundle.expect("bundle").one_time.expect("key");
        assert!(ids.insert(id), "key {id} twice");
    }
    drop(alice);
}
