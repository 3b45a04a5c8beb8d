//! The past of a phone, as clients linked to it get it.

use serde_json::{Value, json};
use wacore::store::DevicePropsOverride;
use wacore::types::events::Event;
use wacore_binary::Jid;
use wagate_sandbox::phones::{Change, Outgoing, Past, PastMessage, Status};
use waproto::whatsapp as wa;
use waproto::whatsapp::conversation::EndOfHistoryTransferType;
use waproto::whatsapp::history_sync::HistorySyncType as Kind;
use whatsapp_rust::types::message::MessageInfo;

use crate::baileys::Baileys;
use crate::client::{Client, link};
use crate::control::ok;
use crate::{Lan, eventually};

const ALICE: &str = "4915800000001";
const BOB: &str = "4915800000002";
const CAROL: &str = "4915800000003";
const DAY: i64 = 24 * 60 * 60;

/// Calls the sandbox's control API.
async fn post(lan: &Lan, path: &str, body: &Value) -> Value {
    ok(&lan.sandbox, "POST", path, body.clone()).await
}

fn ago(seconds: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    jiff::Timestamp::from_second(now - seconds).expect("time").to_string()
}

/// Alice's phone with a past: a chat with Bob, one with Carol.
async fn with_past() -> Lan {
    let lan = Lan::start().await;
    post(&lan, "/phones", &json!({ "number": ALICE, "push_name": "Alice" })).await;
    post(&lan, "/phones", &json!({ "number": BOB, "push_name": "Bobby" })).await;
    let text = |to: &str, text: &str| json!({ "to": to, "text": { "body": text } });
    let past = json!({
        "messages": [
            { "id": "B1", "message": text(BOB, "hello bob"), "time": ago(3 * DAY) },
            { "id": "B2", "from": BOB, "message": text(BOB, "hello alice"), "time": ago(2 * DAY) },
            { "id": "B3", "from": BOB, "message": text(BOB, "are you there?"), "time": ago(DAY), "status": "delivered" },
            { "id": "B4", "from": BOB, "time": ago(DAY - 60),
              "message": { "to": BOB, "content": { "reaction": { "message": "B1", "emoji": "👍" } } } },
            { "id": "B5", "time": ago(DAY - 90),
              "message": { "to": BOB, "content": { "edit": { "message": "B1", "text": "hello, bob" } } } },
            { "id": "C1", "message": text(CAROL, "hello carol"), "time": ago(10 * DAY), "status": "sent" },
        ],
        "changes": [
            { "action": "archive", "chat": CAROL, "archived": true },
            { "action": "pin", "chat": BOB, "pinned": true },
            { "action": "mute", "chat": BOB, "muted": true, "until": 4_000_000_000_000_u64 },
            { "action": "star", "id": "B2", "starred": true },
            { "action": "contact", "number": BOB, "full_name": "Bob Builder" },
        ],
    });
    let given = post(&lan, &format!("/phones/{ALICE}/history"), &past).await;
    assert_eq!(given["messages"], 6);
    lan
}

/// Waits for a piece of history.
async fn piece(client: &Client, kind: Kind, order: u32) -> wa::HistorySync {
    client
        .wait(&format!("{kind:?} {order}"), |event| match event {
            Event::HistorySync(history) if history.sync_type() == kind as i32 => {
                history.get().filter(|history| history.chunk_order == Some(order)).cloned()
            }
            _ => None,
        })
        .await
}

/// Ids of a conversation's messages, as they stand.
fn ids(conversation: &wa::Conversation) -> Vec<&str> {
    let messages = conversation.messages.iter();
    messages.filter_map(|message| message.message.key.id.as_deref()).collect()
}

fn of<'a>(history: &'a wa::HistorySync, number: &str) -> &'a wa::Conversation {
    let id = Jid::pn(number).to_string();
    history.conversations.iter().find(|conversation| conversation.id == id).expect("conversation")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_client_gets_what_the_phone_knows() {
    let lan = with_past().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let history = piece(&client, Kind::INITIAL_BOOTSTRAP, 1).await;
    assert_eq!((history.conversations.len(), history.progress), (2, Some(100)));

    let bob = of(&history, BOB);
    assert_eq!(ids(bob), ["B3", "B2", "B1"], "newest first, acts not on their own");
    assert_eq!((bob.unread_count, bob.archived), (Some(1), Some(false)));
    assert!(bob.pinned.is_some());
    assert_eq!(bob.mute_end_time, Some(4_000_000_000_000));
    assert_eq!(bob.name.as_deref(), Some("Bob Builder"));
    let lid = lan.sandbox.network().account(&Jid::pn(BOB)).await.expect("account").expect("bob").lid;
    assert_eq!(bob.lid_jid, Some(Jid::lid(lid.as_str()).to_string()));
    let all = EndOfHistoryTransferType::COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY;
    assert_eq!(bob.end_of_history_transfer_type, Some(all));
    let [newest, starred, edited] = bob.messages.as_slice() else { panic!("three messages") };
    assert_eq!(newest.message.key.from_me, Some(false));
    assert_eq!(newest.message.message.conversation.as_deref(), Some("are you there?"));
    assert_eq!(newest.message.push_name.as_deref(), Some("Bobby"));
    assert_eq!(starred.message.starred, Some(true));
    assert_eq!(edited.message.message.conversation.as_deref(), Some("hello, bob"));
    assert_eq!(edited.message.key.from_me, Some(true));
    assert_eq!(edited.message.status, Some(wa::web_message_info::Status::READ));
    let reaction = &edited.message.reactions[0];
    assert_eq!((reaction.text.as_deref(), reaction.key.from_me), (Some("👍"), Some(false)));
    assert!(edited.message.message_timestamp < starred.message.message_timestamp);

    let carol = of(&history, CAROL);
    assert_eq!((carol.unread_count, carol.archived, carol.pinned), (Some(0), Some(true), None));
    assert_eq!(carol.messages[0].message.status, Some(wa::web_message_info::Status::SERVER_ACK));
    let mapping = history.phone_number_to_lid_mappings.iter();
    assert!(mapping.clone().any(|pair| pair.lid_jid == Some(Jid::lid(lid.as_str()).to_string())));
    assert_eq!(mapping.count(), 3, "the account itself, Bob and Carol");

    let names = piece(&client, Kind::PUSH_NAME, 1).await;
    let name = names.pushnames.iter().find(|name| name.id == Some(Jid::pn(BOB).to_string())).expect("bob");
    assert_eq!(name.pushname.as_deref(), Some("Bobby"));
    // what app state says comes as app state, too
    client.wait("archive", |event| matches!(event, Event::ArchiveUpdate(_)).then_some(())).await;
}

/// Gives Alice a chat with Bob of so many messages, one every ten minutes, the newest so long ago.
async fn long_chat(lan: &Lan, count: usize, newest: i64) {
    let phones = lan.sandbox.phones();
    let now = jiff::Timestamp::now().as_second();
    let messages = (0..count).map(|n| PastMessage {
        said: Outgoing { to: BOB.into(), text: Some(format!("message {n}")), ..Outgoing::default() },
        id: Some(format!("{newest}-{n}")),
        from: (n % 2 == 0).then(|| BOB.to_owned()),
        time: now - newest - i64::try_from(n).expect("small") * 600,
        status: Status::Read,
    });
    let past = Past { messages: messages.collect(), ..Past::default() };
    assert_eq!(phones.give_past(ALICE, past).await.expect("past"), count);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_comes_in_pieces_as_far_as_the_client_wants() {
    let lan = with_past().await;
    long_chat(&lan, 700, 5 * DAY).await;
    long_chat(&lan, 30, 200 * DAY).await;
    let plain = Client::linked(&lan.sandbox, ALICE).await;
    let first = piece(&plain, Kind::INITIAL_BOOTSTRAP, 1).await;
    let bob = of(&first, BOB);
    assert_eq!((bob.messages.len(), ids(bob)[0]), (50, "B3"));
    let more = EndOfHistoryTransferType::COMPLETE_BUT_MORE_MESSAGES_REMAIN_ON_PRIMARY;
    assert_eq!(bob.end_of_history_transfer_type, Some(more));

    let mut seen: Vec<String> = ids(bob).iter().map(ToString::to_string).collect();
    let mut progress = Vec::new();
    for order in 1..=2 {
        let history = piece(&plain, Kind::RECENT, order).await;
        progress.push(history.progress.expect("progress"));
        seen.extend(history.conversations.iter().flat_map(ids).map(ToOwned::to_owned));
    }
    // 703 recent messages with Bob, of which 50 came first
    assert_eq!(progress, [500 * 100 / 653, 100]);
    assert_eq!(seen.len(), 703);
    assert_eq!(seen.iter().collect::<std::collections::HashSet<_>>().len(), 703, "none twice");

    let config = wa::device_props::HistorySyncConfig {
        full_sync_days_limit: Some(365),
        initial_sync_max_messages_per_chat: Some(2),
        ..Default::default()
    };
    let props = DevicePropsOverride::new().with_require_full_sync(true).with_history_sync_config(config);
    let full = Client::linked_with(&lan.sandbox, ALICE, props).await;
    let first = piece(&full, Kind::INITIAL_BOOTSTRAP, 1).await;
    assert_eq!(of(&first, BOB).messages.len(), 2);
    let oldest = piece(&full, Kind::FULL, 1).await;
    assert_eq!((of(&oldest, BOB).messages.len(), oldest.progress), (30, Some(100)));
    let has_full = |event: &std::sync::Arc<Event>| match &**event {
        Event::HistorySync(history) => history.sync_type() == Kind::FULL as i32,
        _ => false,
    };
    assert!(!plain.events().iter().any(has_full), "it did not ask for everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn older_messages_come_when_a_client_asks() {
    let lan = with_past().await;
    long_chat(&lan, 30, 200 * DAY).await;
    let config = wa::device_props::HistorySyncConfig {
        initial_sync_max_messages_per_chat: Some(3),
        recent_sync_days_limit: Some(1),
        ..Default::default()
    };
    let props = DevicePropsOverride::new().with_history_sync_config(config);
    let client = Client::linked_with(&lan.sandbox, ALICE, props).await;
    let first = piece(&client, Kind::INITIAL_BOOTSTRAP, 1).await;
    let bob = of(&first, BOB);
    let oldest = &bob.messages.last().expect("message").message;
    assert_eq!(oldest.key.id.as_deref(), Some("B1"));
    let mut known =
        (oldest.key.id.clone().expect("id"), oldest.message_timestamp.expect("time").cast_signed());
    let more = EndOfHistoryTransferType::COMPLETE_ON_DEMAND_SYNC_BUT_MORE_MSG_REMAIN_ON_PRIMARY;
    let all = EndOfHistoryTransferType::COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY;
    for (count, expected, end) in [(20, 20, more), (20, 10, all), (20, 0, all)] {
        let (id, time) = &known;
        let asked = client.wa().fetch_message_history(&Jid::pn(BOB), id, true, time * 1000, count).await;
        let asked = asked.expect("request");
        let answer = client
            .wait("history on demand", |event| match event {
                Event::HistorySync(history) if history.peer_data_request_session_id() == Some(&asked) => {
                    history.get().cloned()
                }
                _ => None,
            })
            .await;
        assert_eq!(answer.sync_type, Kind::ON_DEMAND);
        let bob = of(&answer, BOB);
        assert_eq!((bob.messages.len(), bob.end_of_history_transfer_type), (expected, Some(end)));
        let Some(last) = bob.messages.last() else { break };
        let newest = bob.messages[0].message.message_timestamp.expect("time").cast_signed();
        assert!(newest <= known.1, "older than what it had");
        known = (
            last.message.key.id.clone().expect("id"),
            last.message.message_timestamp.expect("time").cast_signed(),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_phone_has_in_clear_what_a_client_could_not_open() {
    let lan = with_past().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let outgoing = Outgoing { to: ALICE.into(), text: Some("open me".into()), ..Outgoing::default() };
    let id = lan.sandbox.phones().send(BOB, outgoing).await.expect("send").id;
    let shown = client.text("open me").await;
    let phones = lan.sandbox.phones();
    eventually("it is on the phone", || async { phones.message(ALICE, &id).await.ok() }).await;
    client.wa().send_pdo_placeholder_resend_request(&shown.info).await.expect("request");
    let again = |event: &Event| match event {
        Event::Messages(batch) => batch
            .messages
            .iter()
            .find(|message| message.info.unavailable_request_id.is_some())
            .map(|message| (message.info.id.clone(), message.message.conversation.clone())),
        _ => None,
    };
    let (again, text) = client.wait("the message again", again).await;
    assert_eq!((again, text.as_deref()), (id, Some("open me")));

    // one that the phone has from its past and the client never saw
    let mut unseen = MessageInfo { id: "B2".into(), ..MessageInfo::default() };
    unseen.source.chat = Jid::pn(BOB);
    unseen.source.sender = Jid::pn(BOB);
    let unseen = std::sync::Arc::new(unseen);
    client.wa().send_pdo_placeholder_resend_request(&unseen).await.expect("request");
    client.text("hello alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_came_live_are_the_next_clients_past() {
    let lan = Lan::start().await;
    let first = Client::linked(&lan.sandbox, ALICE).await;
    let id = first.say(BOB, "sent by the first").await;
    let phones = lan.sandbox.phones();
    eventually("it is on the phone", || async { phones.message(ALICE, &id).await.ok() }).await;
    let change = Change::Archive { chat: BOB.into(), archived: true };
    phones.change_app_state(ALICE, change).await.expect("archive");
    let second = Client::linked(&lan.sandbox, ALICE).await;
    let history = piece(&second, Kind::INITIAL_BOOTSTRAP, 1).await;
    let bob = of(&history, BOB);
    assert_eq!((ids(bob), bob.archived), (vec![id.as_str()], Some(true)));
    assert_eq!(bob.messages[0].message.key.from_me, Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_imports_history_from_media_objects() {
    let lan = with_past().await;
    long_chat(&lan, 100, 5 * DAY).await;
    let mut bot = Baileys::start(&lan.sandbox, tempfile::tempdir().expect("folder")).await;
    let qr = bot.wait_for("qr").await;
    link(&lan.sandbox, ALICE, qr["qr"].as_str().expect("a code")).await;
    let mut seen = Vec::new();
    while seen.len() < 104 {
        let history = bot.wait("history with messages", |line| {
            line["is"] == "history" && line["messages"].as_array().is_some_and(|ids| !ids.is_empty())
        });
        seen.extend(history.await["messages"].as_array().expect("ids").clone());
    }
    assert!(seen.contains(&json!("B1")) && seen.contains(&json!("C1")));
    bot.quit().await;
}
