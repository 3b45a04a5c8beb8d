//! App state between clients and their phone: every change reaches everyone, and its MACs hold.

use wacore::appstate::schemas;
use wacore::store::in_memory::InMemoryBackend;
use wacore::store::traits::{AppSyncStore, DeviceStore};
use wacore::types::events::Event;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use wagate_sandbox::phones::{AppState, Change, ClientErrorKind, Outgoing, SettingsChange};

use crate::client::Client;
use crate::raw::{Raw, has};
use crate::{Lan, eventually};

const ALICE: &str = "4915600000001";
const BOB: &str = "4915600000002";
const CAROL: &str = "4915600000003";

/// Waits until the phone's view fits.
async fn phone_shows(lan: &Lan, what: &str, fits: impl Fn(&AppState) -> bool) -> AppState {
    let phones = lan.sandbox.phones();
    eventually(what, || async {
        let state = phones.app_state(ALICE).await.expect("app state");
        fits(&state).then_some(state)
    })
    .await
}

/// No companion of Alice has done anything wrong.
async fn nothing_wrong(lan: &Lan) {
    let errors = lan.sandbox.phones().client_errors(ALICE, 0, 100).await.expect("errors");
    assert!(errors.items.is_empty(), "{:#?}", errors.items);
}

/// How often a client has said that it skipped a notice of a collection. It does so while it is
/// fetching the collection, also when the notice is about something newer than what it fetches.
fn skips(client: &Client, collection: &str) -> usize {
    let events = client.events();
    let skipped = |event: &&std::sync::Arc<Event>| match &***event {
        Event::AppStateSyncFailed(failed) => failed.skipped.iter().any(|name| name == collection),
        _ => false,
    };
    events.iter().filter(skipped).count()
}

/// Writes something small to a collection: the next notice makes up for a skipped one.
async fn nudge(lan: &Lan, collection: &str) {
    let change = match collection {
        "critical_block" => Change::Locale { locale: "en_GB".into() },
        "critical_unblock_low" => {
            Change::Contact { number: CAROL.into(), full_name: Some("Carol".into()), first_name: None }
        }
        "regular_low" => Change::UnarchiveChats { unarchive: false },
        "regular_high" => Change::MuteStatus { number: CAROL.into(), muted: true },
        _ => Change::DeleteQuickReply { id: "1".into() },
    };
    lan.sandbox.phones().change_app_state(ALICE, change).await.expect("nudge");
}

/// Waits for something that a client learns from a collection.
async fn learned<T>(
    lan: &Lan,
    client: &Client,
    collection: &str,
    what: &str,
    look: impl AsyncFn() -> Option<T>,
) -> T {
    let made_up_for = std::cell::Cell::new(0);
    eventually(what, || async {
        let skips = skips(client, collection);
        let found = look().await;
        if found.is_none() && made_up_for.replace(skips) < skips {
            nudge(lan, collection).await;
        }
        found
    })
    .await
}

/// Waits for an event that a client makes of a collection.
async fn event<T>(
    lan: &Lan,
    client: &Client,
    collection: &str,
    what: &str,
    pick: impl Fn(&Event) -> Option<T>,
) -> T {
    learned(lan, client, collection, what, async || client.events().iter().find_map(|event| pick(event)))
        .await
}

/// Waits until every companion holds the version of a collection that the phone holds, and finds
/// their hashes equal.
async fn same_everywhere(lan: &Lan, collection: &str, clients: &[&Client]) {
    let what = format!("the same {collection} everywhere");
    let mut hashes = Vec::new();
    for client in clients {
        let look = async || {
            let collections = lan.sandbox.phones().app_state_collections(ALICE).await.expect("collections");
            let phone = collections.into_iter().find(|known| known.name == collection).expect("collection");
            assert!(!phone.diverged, "{phone:?}");
            let state = client.store().get_version(collection).await.expect("version");
            assert!(!state.mac_mismatch_fatal, "a client found {collection} damaged");
            (state.version == phone.version).then_some((state.version, state.hash))
        };
        hashes.push(learned(lan, client, collection, &what, look).await);
    }
    let newest = hashes.iter().map(|(version, _)| *version).max();
    let hashes: Vec<_> = hashes.iter().filter(|(version, _)| Some(*version) == newest).collect();
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "{collection} differs");
}

async fn archived(lan: &Lan, client: &Client, chat: &str, archived: bool) {
    let what = format!("archive {archived} of {chat}");
    event(lan, client, "regular_low", &what, |event| match event {
        Event::ArchiveUpdate(update) if update.jid.user == chat => {
            (update.action.archived == Some(archived)).then_some(())
        }
        _ => None,
    })
    .await;
}

/// Name of a label, and whether the client got it with its first sync of the collection.
async fn label(lan: &Lan, client: &Client, id: &str) -> (String, bool) {
    event(lan, client, "regular", &format!("label {id}"), |event| match event {
        Event::LabelEditUpdate(update) if update.label_id == id => {
            Some((update.action.name.clone().unwrap_or_default(), update.from_full_sync))
        }
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_changes_reaches_the_phone_and_the_other_companion() {
    let lan = Lan::start().await;
    let laptop = Client::linked(&lan.sandbox, ALICE).await;
    let tablet = Client::linked(&lan.sandbox, ALICE).await;
    let (bob, wa) = (Jid::pn(BOB), laptop.wa());
    let id = laptop.say(BOB, "remember this").await;
    wa.chat_actions().archive_chat(&bob, None).await.expect("archive");
    wa.chat_actions().pin_chat(&bob).await.expect("pin");
    wa.chat_actions().mute_chat(&bob).await.expect("mute");
    wa.chat_actions().star_message(&bob, None, &id, true).await.expect("star");
    wa.chat_actions().save_contact(&bob, Some("Bob B".into()), None, true).await.expect("contact");
    wa.labels().create_label("7", "customer", 3).await.expect("label");
    wa.labels().add_chat_label("7", &bob).await.expect("label a chat");
    wa.chat_actions().set_user_status_mute(&bob, true).await.expect("status mute");
    wa.profile().set_push_name("Alice A").await.expect("push name");

    let state = phone_shows(&lan, "everything on the phone", |state| {
        state.push_name.as_deref() == Some("Alice A")
            && state.chats.get(BOB).is_some_and(|chat| chat.status_muted && !chat.labels.is_empty())
    })
    .await;
    let chat = &state.chats[BOB];
    assert!(chat.archived && chat.pinned.is_some() && !chat.marked_unread, "{chat:?}");
    assert_eq!((chat.muted_until, chat.labels.as_slice()), (Some(-1), &["7".to_owned()][..]));
    assert_eq!((state.starred[0].id.as_str(), state.starred[0].from_me), (id.as_str(), true));
    assert_eq!((state.labels["7"].name.as_str(), state.labels["7"].color), ("customer", 3));
    assert_eq!(state.contacts[BOB].full_name.as_deref(), Some("Bob B"));

    for collection in schemas::COLLECTIONS {
        same_everywhere(&lan, collection.as_str(), &[&laptop, &tablet]).await;
    }
    archived(&lan, &tablet, BOB, true).await;
    assert_eq!(label(&lan, &tablet, "7").await.0, "customer");
    tablet.wait("pin", |event| matches!(event, Event::PinUpdate(_)).then_some(())).await;
    tablet.wait("mute", |event| matches!(event, Event::MuteUpdate(_)).then_some(())).await;
    tablet.wait("star", |event| matches!(event, Event::StarUpdate(_)).then_some(())).await;
    tablet.wait("contact", |event| matches!(event, Event::ContactUpdate(_)).then_some(())).await;
    nothing_wrong(&lan).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_phone_changes_reaches_its_companions() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let outgoing = Outgoing { to: BOB.into(), text: Some("star me".into()), ..Outgoing::default() };
    let id = phones.send(ALICE, outgoing).await.expect("send").id;
    for change in [
        Change::Archive { chat: BOB.into(), archived: true },
        Change::Pin { chat: BOB.into(), pinned: true },
        Change::Mute { chat: BOB.into(), muted: true, until: Some(4_000_000_000_000) },
        Change::MarkRead { chat: BOB.into(), read: false },
        Change::Star { id: id.clone(), starred: true },
        Change::Label { id: "1".into(), name: "lead".into(), color: 2 },
        Change::LabelChat { id: "1".into(), chat: BOB.into(), labeled: true },
        Change::Contact { number: BOB.into(), full_name: Some("Bob B".into()), first_name: None },
        Change::PushName { name: "Alice from the phone".into() },
        Change::DeleteChat { chat: CAROL.into() },
        Change::MuteStatus { number: BOB.into(), muted: true },
        Change::Archive { chat: BOB.into(), archived: false },
    ] {
        phones.change_app_state(ALICE, change).await.expect("change");
    }
    for collection in schemas::COLLECTIONS {
        same_everywhere(&lan, collection.as_str(), &[&client]).await;
    }
    archived(&lan, &client, BOB, true).await;
    archived(&lan, &client, BOB, false).await;
    assert_eq!(label(&lan, &client, "1").await.0, "lead");
    let starred = |event: &Event| match event {
        Event::StarUpdate(update) => Some((update.message_id.clone(), update.from_me)),
        _ => None,
    };
    assert_eq!(client.wait("star", starred).await, (id, true));
    let until = |event: &Event| match event {
        Event::MuteUpdate(update) => update.action.mute_end_timestamp,
        _ => None,
    };
    assert_eq!(client.wait("mute", until).await, 4_000_000_000_000);
    let is = |kind: fn(&Event) -> bool| move |event: &Event| kind(event).then_some(());
    client.wait("pin", is(|event| matches!(event, Event::PinUpdate(_)))).await;
    client.wait("unread", is(|event| matches!(event, Event::MarkChatAsReadUpdate(_)))).await;
    client.wait("labelled", is(|event| matches!(event, Event::LabelAssociationUpdate(_)))).await;
    client.wait("contact", is(|event| matches!(event, Event::ContactUpdate(_)))).await;
    client.wait("deletion", is(|event| matches!(event, Event::DeleteChatUpdate(_)))).await;
    client.wait("status mute", is(|event| matches!(event, Event::UserStatusMuteUpdate(_)))).await;
    eventually("the new name", || async {
        (client.wa().push_name() == "Alice from the phone").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_companions_and_the_phone_at_once_converge() {
    const EACH: usize = 8;
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let laptop = Client::linked(&lan.sandbox, ALICE).await;
    let tablet = Client::linked(&lan.sandbox, ALICE).await;
    let write = |client: &Client, name: &'static str| {
        let wa = client.wa();
        async move {
            for n in 0..EACH {
                // the client gives up when it has lost the race five times
                let id = &format!("{name}{n}");
                let labels = &wa.labels();
                eventually("label", || async { labels.create_label(id, name, 1).await.ok() }).await;
            }
        }
    };
    let phone = async {
        for n in 0..EACH {
            let change = Change::Label { id: format!("phone{n}"), name: "phone".into(), color: 1 };
            phones.change_app_state(ALICE, change).await.expect("label");
        }
    };
    tokio::join!(write(&laptop, "laptop"), write(&tablet, "tablet"), phone);
    let state = phone_shows(&lan, "all labels", |state| state.labels.len() == 3 * EACH).await;
    same_everywhere(&lan, "regular", &[&laptop, &tablet]).await;
    for id in state.labels.keys() {
        for (client, own) in [(&laptop, "laptop"), (&tablet, "tablet")] {
            if !id.starts_with(own) {
                label(&lan, client, id).await;
            }
        }
    }
    nothing_wrong(&lan).await;
}

async fn labels_from_the_phone(lan: &Lan, ids: std::ops::Range<usize>) {
    for n in ids {
        let change = Change::Label { id: n.to_string(), name: format!("label {n}"), color: 1 };
        lan.sandbox.phones().change_app_state(ALICE, change).await.expect("label");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_linked_late_starts_from_a_snapshot() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let first = Client::linked(&lan.sandbox, ALICE).await;
    let second = Client::linked(&lan.sandbox, ALICE).await;
    labels_from_the_phone(&lan, 0..5).await;
    // what is overwritten and what is removed is not in the snapshot
    let rename = Change::Label { id: "0".into(), name: "renamed".into(), color: 1 };
    phones.change_app_state(ALICE, rename).await.expect("rename");
    let contact = |full_name| Change::Contact { number: BOB.into(), full_name, first_name: None };
    phones.change_app_state(ALICE, contact(Some("Bob".into()))).await.expect("contact");
    phones.change_app_state(ALICE, contact(None)).await.expect("removal");
    assert_eq!(phones.snapshot_app_state(ALICE, "regular").await.expect("snapshot"), 6);
    phones.snapshot_app_state(ALICE, "critical_unblock_low").await.expect("an empty snapshot");
    labels_from_the_phone(&lan, 5..7).await;
    first.wa().labels().create_label("client", "after the snapshot", 1).await.expect("label");

    let third = Client::linked(&lan.sandbox, ALICE).await;
    assert_eq!(label(&lan, &third, "0").await, ("renamed".to_owned(), true));
    for id in ["4", "6", "client"] {
        assert!(label(&lan, &third, id).await.1, "{id} is part of the first sync");
    }
    let clients = [&first, &second, &third];
    same_everywhere(&lan, "regular", &clients).await;
    same_everywhere(&lan, "critical_unblock_low", &clients).await;
    let is_bob = |event: &Event| matches!(event, Event::ContactUpdate(update) if update.jid.user == BOB);
    let removed = third.events().iter().any(|event| is_bob(event));
    assert!(!removed, "a removed contact is not in the snapshot");

    // who starts from a snapshot writes on top of it like everyone else
    third.wa().labels().create_label("third", "from the third", 1).await.expect("label");
    label(&lan, &first, "third").await;
    same_everywhere(&lan, "regular", &clients).await;
    nothing_wrong(&lan).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_patches_come_in_pages_and_then_as_a_snapshot() {
    let lan = Lan::start().await;
    let first = Client::linked(&lan.sandbox, ALICE).await;
    labels_from_the_phone(&lan, 0..130).await;
    // more than one answer holds
    let second = Client::linked(&lan.sandbox, ALICE).await;
    label(&lan, &second, "129").await;
    same_everywhere(&lan, "regular", &[&first, &second]).await;
    labels_from_the_phone(&lan, 130..210).await;
    let collections = lan.sandbox.phones().app_state_collections(ALICE).await.expect("collections");
    let regular = collections.iter().find(|known| known.name == "regular").expect("regular");
    assert_eq!(regular.snapshot, 200, "the phone makes one by itself");
    let third = Client::linked(&lan.sandbox, ALICE).await;
    label(&lan, &third, "0").await;
    label(&lan, &third, "209").await;
    same_everywhere(&lan, "regular", &[&first, &second, &third]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_shared_and_used_by_everyone() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let laptop = Client::linked(&lan.sandbox, ALICE).await;
    let tablet = Client::linked(&lan.sandbox, ALICE).await;
    let change = |name: &str| Change::Label { id: "1".into(), name: name.into(), color: 1 };
    phones.change_app_state(ALICE, change("old key")).await.expect("label");
    label(&lan, &laptop, "1").await;
    let key = phones.rotate_app_state_key(ALICE).await.expect("rotate");
    for client in [&laptop, &tablet] {
        eventually("the new key", || async { client.store().get_sync_key(&key).await.expect("key") }).await;
    }
    phones.change_app_state(ALICE, change("new key")).await.expect("label");
    laptop.wa().labels().create_label("2", "from the laptop", 1).await.expect("label");
    label(&lan, &tablet, "2").await;
    phone_shows(&lan, "the laptop's label", |state| state.labels.contains_key("2")).await;
    for action in phones.app_state_actions(ALICE, "regular").await.expect("actions") {
        assert_eq!(action.key_id, key, "{:?}", action.index);
    }
    same_everywhere(&lan, "regular", &[&laptop, &tablet]).await;

    // unlinking makes another one, which the device that is gone does not get
    lan.sandbox.network().unlink(ALICE, 2).await.expect("unlink");
    let newest = eventually("another key", || async {
        phones.app_state_keys(ALICE).await.expect("keys").pop().filter(|newest| *newest != key)
    })
    .await;
    eventually("it is shared", || async { laptop.store().get_sync_key(&newest).await.expect("key") }).await;
    assert!(tablet.store().get_sync_key(&newest).await.expect("key").is_none());
    nothing_wrong(&lan).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_lost_its_keys_asks_the_phone() {
    let lan = Lan::start().await;
    let store = Client::linked(&lan.sandbox, ALICE).await.leave().await;
    // nothing is left but the device itself
    let device = store.load().await.expect("load").expect("device");
    let empty = std::sync::Arc::new(InMemoryBackend::new());
    empty.save(&device).await.expect("save");
    let client = Client::with_store(&lan.sandbox, empty, None).await;
    client.connected().await;
    labels_from_the_phone(&lan, 0..1).await;
    assert_eq!(label(&lan, &client, "0").await.0, "label 0");
    let keys = lan.sandbox.phones().app_state_keys(ALICE).await.expect("keys");
    assert!(client.store().get_sync_key(&keys[0]).await.expect("key").is_some());
}

fn push(collection: &'static str, base: u64, patch: Vec<u8>) -> Node {
    let patch = NodeBuilder::new("patch").bytes(patch).build();
    let collection = NodeBuilder::new("collection").attr("name", collection).attr("version", base);
    NodeBuilder::new("sync").children([collection.children([patch]).build()]).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_that_does_not_hold_is_its_authors_error() {
    let lan = Lan::start().await;
    let good = Client::linked(&lan.sandbox, ALICE).await;
    good.wa().labels().create_label("1", "before", 1).await.expect("label");
    let network = lan.sandbox.network();
    let stored = network.app_state(ALICE, "regular", 0).await.expect("patches");
    let mut patch = waproto::codec::syncd_patch_decode(&stored[0].patch).expect("patch");
    let value = patch.mutations[0].record.get_or_insert_default().value.get_or_insert_default();
    *value.blob.as_mut().expect("blob").last_mut().expect("bytes") ^= 1;

    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let mut bad = Raw::login(&lan.sandbox, &keys, false).await;
    bad.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    let pushed = push("regular", 1, waproto::codec::syncd_patch_to_vec(&patch));
    let (answer, _) = bad.ask("w:sync:app:state", "set", pushed).await;
    let collection = answer.get_optional_child_by_tag(&["sync", "collection"]).expect("collection");
    assert!(has(collection, "version", "2"), "the server cannot see it: {answer:?}");

    let phones = lan.sandbox.phones();
    let error = eventually("an error", || async {
        phones.client_errors(ALICE, 0, 10).await.expect("errors").items.pop()
    })
    .await;
    assert_eq!((error.kind, error.device), (ClientErrorKind::AppStatePatch, keys.device));
    assert!(error.detail.starts_with("regular version 2: "), "{}", error.detail);
    let collections = phones.app_state_collections(ALICE).await.expect("collections");
    let diverged: Vec<_> = collections.iter().filter(|c| c.diverged).map(|c| c.name.as_str()).collect();
    assert_eq!(diverged, ["regular"]);
    let state = phones.app_state(ALICE).await.expect("state");
    assert_eq!(state.labels["1"].name, "before", "it changes nothing");

    let url = format!("{}/v1/phones/{ALICE}/client-errors", lan.sandbox.control_url());
    let listed: serde_json::Value = reqwest::get(url).await.expect("get").json().await.expect("json");
    assert_eq!(listed["items"][0]["kind"], "app_state_patch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_hears_of_patches_from_before_its_introduction() {
    let lan = Lan::start().await;
    let laptop = Client::linked(&lan.sandbox, ALICE).await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    raw.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    laptop.wa().labels().create_label("1", "early", 1).await.expect("label");
    let told = |node: &Node| {
        let collection = node.get_optional_child("collection");
        has(node, "type", "server_sync") && collection.is_some_and(|c| has(c, "name", "regular"))
    };
    let (_, before) = raw.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    assert!(!before.iter().any(told), "it has no keys yet: {before:#?}");
    raw.upload_keys(&keys, 12).await;
    let seen = raw.collect("notice", told).await;
    let share = seen.iter().position(|node| node.tag == "message").expect("the key share");
    assert!(share < seen.len() - 1, "the keys come first");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_clears_is_gone_from_the_phone_too() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let client = Client::linked(&lan.sandbox, ALICE).await;
    for number in [BOB, CAROL] {
        phones.register(number, None, SettingsChange::default()).await.expect("phone");
    }
    let write = |from: &'static str, text: &'static str| {
        let outgoing = Outgoing { to: ALICE.into(), text: Some(text.into()), ..Outgoing::default() };
        phones.send(from, outgoing)
    };
    let one = write(BOB, "one").await.expect("send").id;
    write(BOB, "two").await.expect("send");
    write(CAROL, "three").await.expect("send");
    client.text("three").await;
    let chat = |peer: &'static str| {
        let phones = &phones;
        async move {
            let chats = phones.chats(ALICE).await.expect("chats");
            chats.into_iter().find(|chat| chat.chat == peer).map(|chat| (chat.messages, chat.unread))
        }
    };
    eventually("two unread messages", || async { chat(BOB).await.filter(|chat| *chat == (2, 2)) }).await;
    let wa = client.wa();
    wa.chat_actions().mark_chat_as_read(&Jid::pn(BOB), true, None).await.expect("read");
    eventually("a read chat", || async { chat(BOB).await.filter(|chat| *chat == (2, 0)) }).await;
    wa.chat_actions()
        .delete_message_for_me(&Jid::pn(BOB), None, &one, false, false, None)
        .await
        .expect("delete");
    eventually("one message less", || async { chat(BOB).await.filter(|chat| *chat == (1, 0)) }).await;
    wa.chat_actions().delete_chat(&Jid::pn(CAROL), true, None).await.expect("delete");
    eventually("one chat less", || async { chat(CAROL).await.is_none().then_some(()) }).await;
    assert!(chat(BOB).await.is_some());
}
