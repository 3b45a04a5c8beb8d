//! What happens besides messages: presence, calls, groups, chats, numbers.

use reqwest::Method;
use serde_json::{Value, json};
use wagate_domain::{
    events::{Call, CallState, ChatChange, EventData, GroupChange, Presence},
    sessions::{Command, CommandReply, SessionKey, State},
};

use crate::{
    rig::{Rig, eventually},
    wire::Mode,
};

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

/// Waits for a presence of the chat partner.
async fn seen(rig: &Rig, session: SessionKey, wanted: Presence) {
    rig.event(&format!("{wanted:?}"), session, |data| match data {
        EventData::PresenceSeen { chat, contact, presence, .. } if *presence == wanted => {
            assert!(chat.is_person() && contact.pn.as_deref() == Some(THEM) && contact.lid.is_some());
            Some(())
        }
        _ => None,
    })
    .await;
}

/// Has the chat partner write, by which the device learns number and LID of one person.
async fn met(rig: &Rig, session: SessionKey) -> String {
    let id = rig.phone_says(THEM, US, "hello").await;
    rig.received(session, "hello").await;
    id
}

/// Asks the session's owner until it does it: the account's name, which presence needs, comes after linking.
async fn asked(rig: &Rig, session: SessionKey, command: Command) {
    eventually("the owner doing it", || async {
        (rig.call(session, command.clone()).await == CommandReply::Done).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_and_presence_of_a_chat_partner_are_told() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    met(&rig, session).await;
    asked(&rig, session, Command::ShowPresence { available: true }).await;
    asked(&rig, session, Command::WatchPresence { chat: format!("{THEM}@s.whatsapp.net") }).await;
    rig.does(THEM, "presence", json!({ "state": "available" })).await;
    seen(&rig, session, Presence::Available).await;
    for (state, wanted) in
        [("composing", Presence::Typing), ("recording", Presence::Recording), ("paused", Presence::Paused)]
    {
        rig.does(THEM, &format!("chats/{US}/typing"), json!({ "state": state })).await;
        seen(&rig, session, wanted).await;
    }
    rig.does(THEM, "presence", json!({ "state": "unavailable" })).await;
    seen(&rig, session, Presence::Unavailable).await;
    // it is online no more
    asked(&rig, session, Command::ShowPresence { available: false }).await;
    let refused = rig.call(session, Command::WatchPresence { chat: "1@g.us".to_owned() }).await;
    assert!(matches!(&refused, CommandReply::Refused { code, .. } if code == "bad_chat"), "{refused:?}");
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_of_presence_outlives_the_connection() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let (wire, connector) = rig.wired().await;
    let session = rig.linked(US).await;
    met(&rig, session).await;
    asked(&rig, session, Command::ShowPresence { available: true }).await;
    asked(&rig, session, Command::WatchPresence { chat: format!("{THEM}@s.whatsapp.net") }).await;
    wire.set(Mode::Cut);
    rig.in_state(session, State::Reconnecting).await;
    wire.set(Mode::Through);
    rig.in_state(session, State::Connected).await;
    rig.does(THEM, "presence", json!({ "state": "available" })).await;
    seen(&rig, session, Presence::Available).await;
    connector.shutdown().await;
    rig.stop().await;
}

/// Waits for a change of a group.
async fn changed(rig: &Rig, session: SessionKey, group: &str, wanted: &GroupChange) -> bool {
    rig.event(&format!("{wanted:?}"), session, |data| match data {
        EventData::GroupChanged { group: which, by, change, .. } if change == wanted => {
            assert_eq!(which.to_string(), group);
            Some(by.from_me)
        }
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_group_is_told_in_order() {
    let rig = Rig::start().await;
    for phone in [THEM, "6281111111111"] {
        rig.phone(phone).await;
    }
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let made = rig.does(THEM, "groups", json!({ "subject": "Friends", "members": [US] })).await;
    let group = made["jid"].as_str().expect("a JID").to_owned();
    let joined = GroupChange::Joined { subject: Some("Friends".to_owned()) };
    assert!(!changed(&rig, session, &group, &joined).await);
    let path = format!("groups/{group}");
    for (change, wanted) in [
        (json!({ "subject": "Family" }), GroupChange::Subject { subject: "Family".to_owned() }),
        (
            json!({ "description": "all of us" }),
            GroupChange::Description { description: Some("all of us".to_owned()) },
        ),
        (json!({ "announcement": true }), GroupChange::Announcement { on: true }),
        (json!({ "announcement": false }), GroupChange::Announcement { on: false }),
        (json!({ "locked": true }), GroupChange::Locked { on: true }),
        (json!({ "ephemeral": 86400 }), GroupChange::Ephemeral { seconds: 86400 }),
    ] {
        rig.user(Method::PATCH, THEM, &path, change).await;
        changed(&rig, session, &group, &wanted).await;
    }
    members(&rig, &group, "add", "6281111111111").await;
    assert_eq!(participants(&rig, session, "added").await, Some("6281111111111".to_owned()));
    members(&rig, &group, "promote", "6281111111111").await;
    assert_eq!(participants(&rig, session, "promoted").await, Some("6281111111111".to_owned()));
    members(&rig, &group, "remove", US).await;
    changed(&rig, session, &group, &GroupChange::Left {}).await;
    let kinds: Vec<String> = rig.events(session).iter().filter_map(kind_of).collect();
    assert_eq!(
        kinds,
        [
            "joined",
            "subject",
            "description",
            "announcement",
            "announcement",
            "locked",
            "ephemeral",
            "added",
            "promoted",
            "left"
        ]
    );
    connector.shutdown().await;
    rig.stop().await;
}

async fn members(rig: &Rig, group: &str, action: &str, member: &str) {
    let change = json!({ "action": action, "members": [member] });
    rig.does(THEM, &format!("groups/{group}/members"), change).await;
}

/// The number of the one whom a change of members is about.
async fn participants(rig: &Rig, session: SessionKey, kind: &str) -> Option<String> {
    rig.event(kind, session, |data| match data {
        EventData::GroupChanged {
            change: GroupChange::Added { participants } | GroupChange::Promoted { participants },
            ..
        } if kind_of(data).as_deref() == Some(kind) => participants.first().map(|person| person.pn.clone()),
        _ => None,
    })
    .await
}

fn kind_of(data: &EventData) -> Option<String> {
    let EventData::GroupChanged { change, .. } = data else { return None };
    let json = serde_json::to_value(change).expect("JSON");
    json["kind"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_change_that_comes_while_redis_is_away_comes_again_for_the_next_owner() {
    let mut rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let made = rig.does(THEM, "groups", json!({ "subject": "Friends", "members": [US] })).await;
    let group = made["jid"].as_str().expect("a JID").to_owned();
    changed(&rig, session, &group, &GroupChange::Joined { subject: Some("Friends".to_owned()) }).await;
    rig.redis.stop().await;
    rig.user(Method::PATCH, THEM, &format!("groups/{group}"), json!({ "subject": "Family" })).await;
    connector.shutdown().await;
    rig.redis.start_again().await;
    let connector = rig.connector();
    changed(&rig, session, &group, &GroupChange::Subject { subject: "Family".to_owned() }).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_our_phone_does_to_its_chats_is_told() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let id = met(&rig, session).await;
    rig.does(US, "app-state", json!({ "action": "delete_message", "id": id })).await;
    let (target, by) = rig
        .event("the deletion", session, |data| match data {
            EventData::MessageDeleted { target, by, for_everyone: false, .. } => {
                Some((target.clone(), by.clone()))
            }
            _ => None,
        })
        .await;
    assert_eq!((target.stanza_id, target.from_me, by.from_me), (id, false, true));
    let forever = ChatChange::Muted { on: true, until: None };
    for (action, wanted) in [
        (json!({ "action": "archive", "chat": THEM, "archived": true }), ChatChange::Archived { on: true }),
        (json!({ "action": "archive", "chat": THEM, "archived": false }), ChatChange::Archived { on: false }),
        (json!({ "action": "pin", "chat": THEM, "pinned": true }), ChatChange::Pinned { on: true }),
        (json!({ "action": "mute", "chat": THEM, "muted": true }), forever),
        (json!({ "action": "mark_read", "chat": THEM, "read": false }), ChatChange::Read { on: false }),
        (json!({ "action": "clear_chat", "chat": THEM }), ChatChange::Cleared {}),
        (json!({ "action": "delete_chat", "chat": THEM }), ChatChange::Deleted {}),
    ] {
        rig.does(US, "app-state", action).await;
        rig.event(&format!("{wanted:?}"), session, |data| match data {
            EventData::ChatChanged { contact, change, .. } if *change == wanted => {
                assert!(contact.pn.as_deref() == Some(THEM) && contact.lid.is_some(), "{contact:?}");
                Some(())
            }
            _ => None,
        })
        .await;
    }
    connector.shutdown().await;
    rig.stop().await;
}

/// Waits until a call has come so far.
async fn call(rig: &Rig, session: SessionKey, id: &str, wanted: CallState) -> Call {
    rig.event(&format!("{wanted:?}"), session, |data| match data {
        EventData::CallSeen(call) if call.id == id && call.state == wanted => Some(call.clone()),
        _ => None,
    })
    .await
}

fn id_of(made: &Value) -> String {
    made["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_ring_and_end() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    met(&rig, session).await;
    for (end, wanted) in
        [("caller", CallState::Missed), ("accept", CallState::Accepted), ("decline", CallState::Rejected)]
    {
        let made = rig.does(THEM, "calls", json!({ "to": US, "video": end == "accept" })).await;
        let id = id_of(&made);
        let rings = call(&rig, session, &id, CallState::Ringing).await;
        assert_eq!((rings.from.pn.as_deref(), rings.video), (Some(THEM), end == "accept"));
        assert!(rings.from.lid.is_some() && rings.group.is_none());
        match end {
            "caller" => rig.user(Method::DELETE, THEM, &format!("calls/{id}"), Value::Null).await,
            "accept" => rig.does(US, &format!("calls/{id}/answer"), Value::Null).await,
            _ => rig.user(Method::DELETE, US, &format!("calls/{id}"), Value::Null).await,
        };
        let over = call(&rig, session, &id, wanted).await;
        assert_eq!(over, Call { state: wanted, ..rings });
    }
    connector.shutdown().await;
    // nobody is there
    let made = rig.does(THEM, "calls", json!({ "to": US })).await;
    let id = id_of(&made);
    rig.user(Method::DELETE, THEM, &format!("calls/{id}"), Value::Null).await;
    let connector = rig.connector();
    call(&rig, session, &id, CallState::Missed).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_partner_with_a_new_number_is_told_by_the_lid() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    rig.phone_says(THEM, US, "still the old one").await;
    let before = rig.received(session, "still the old one").await.contact;
    rig.does(THEM, "change-number", json!({ "number": "6289999999999" })).await;
    let contact = rig
        .event("the new number", session, |data| match data {
            EventData::ContactUpdated { contact, .. } if contact.pn.as_deref() == Some("6289999999999") => {
                Some(contact.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(contact.lid, before.lid);
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_missed_while_offline_come_first_in_order_flagged_offline() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    rig.phone_says(THEM, US, "before").await;
    rig.received(session, "before").await;
    connector.shutdown().await;
    let missed: Vec<String> = (1..=20).map(|n| format!("missed {n}")).collect();
    for text in &missed {
        rig.phone_says(THEM, US, text).await;
    }
    let connector = rig.connector();
    rig.received(session, "missed 20").await;
    rig.phone_says(THEM, US, "after").await;
    rig.received(session, "after").await;
    let told: Vec<(String, bool)> = rig
        .events(session)
        .into_iter()
        .filter_map(|data| match data {
            EventData::MessageReceived { message, .. } => {
                Some((message.content.text().unwrap_or_default().to_owned(), message.offline))
            }
            _ => None,
        })
        .collect();
    let mut expected = vec![("before".to_owned(), false)];
    expected.extend(missed.into_iter().map(|text| (text, true)));
    expected.push(("after".to_owned(), false));
    assert_eq!(told, expected);
    connector.shutdown().await;
    rig.stop().await;
}
