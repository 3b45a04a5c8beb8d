//! Phones set up anew, phones with another number.

use serde_json::{Value, json};
use wacore::types::events::Event;
use wacore_binary::Jid;
use wagate_sandbox::phones::{Outgoing, StoredMessage};
use wagate_sandbox::ports::{Phones, PortError};

use crate::client::Client;
use crate::control::{call, ok};
use crate::{Lan, eventually};

const ALICE: &str = "4916200000001";
const BOB: &str = "4916200000002";
const CARL: &str = "4916200000003";
const NEW: &str = "4916200000009";

async fn phone_writes(lan: &Lan, from: &str, to: &str, text: &str) {
    let outgoing = Outgoing { to: to.into(), text: Some(text.into()), ..Outgoing::default() };
    lan.sandbox.phones().send(from, outgoing).await.expect("send");
}

/// Waits until a phone shows a text in a chat.
async fn phone_shows(lan: &Lan, pn: &str, chat: &str, text: &str) -> StoredMessage {
    let phones = lan.sandbox.phones();
    eventually(text, || async {
        let page = phones.chat_messages(pn, chat, 0, 100).await.ok()?;
        page.items.into_iter().find(|message| message.text.as_deref() == Some(text))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reinstalled_phone_talks_to_everyone_again() {
    let lan = Lan::start().await;
    let network = lan.sandbox.network();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "before").await;
    phone_shows(&lan, BOB, ALICE, "before").await;
    phone_writes(&lan, BOB, CARL, "hello carl").await;
    phone_shows(&lan, CARL, BOB, "hello carl").await;
    let old = network.account(&Jid::pn(BOB)).await.expect("account").expect("bob");

    ok(&lan.sandbox, "POST", &format!("/phones/{BOB}/reinstall"), Value::Null).await;
    let new = network.account(&Jid::pn(BOB)).await.expect("account").expect("bob");
    assert_ne!((old.identity, old.adv_raw_id), (new.identity, new.adv_raw_id));
    assert_eq!(old.lid, new.lid);
    bob.wait("logout", |event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
    assert!(network.companions(BOB).await.expect("companions").is_empty());
    alice
        .wait("identity change", |event| match event {
            Event::IdentityChange(change) if change.user == Jid::pn(BOB) => Some(()),
            _ => None,
        })
        .await;

    alice.say(BOB, "after").await;
    phone_shows(&lan, BOB, ALICE, "after").await;
    phone_shows(&lan, BOB, ALICE, "before").await;
    phone_writes(&lan, BOB, ALICE, "new phone").await;
    alice.text("new phone").await;
    phone_writes(&lan, CARL, BOB, "hello bob").await;
    phone_shows(&lan, BOB, CARL, "hello bob").await;
    // A companion of the new phone is linked and synchronised like any other.
    let again = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "to all your devices").await;
    again.text("to all your devices").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_was_away_from_the_change_recovers_by_itself() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    alice.say(BOB, "before").await;
    phone_writes(&lan, BOB, ALICE, "yes").await;
    alice.text("yes").await;
    let store = alice.leave().await;
    lan.sandbox.phones().reinstall(BOB).await.expect("reinstall");
    phone_writes(&lan, BOB, ALICE, "while you were away").await;
    let alice = Client::with_store(&lan.sandbox, store, None).await;
    alice.text("while you were away").await;
    alice.say(BOB, "back again").await;
    phone_shows(&lan, BOB, ALICE, "back again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_keeps_its_people_under_another_number() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let phones = lan.sandbox.phones();
    alice.say(BOB, "before").await;
    phone_shows(&lan, BOB, ALICE, "before").await;
    phone_writes(&lan, BOB, ALICE, "yes").await;
    alice.text("yes").await;
    phone_writes(&lan, BOB, CARL, "hello carl").await;
    phone_shows(&lan, CARL, BOB, "hello carl").await;
    phones.set_about(BOB, "moving").await.expect("about");

    let path = format!("/phones/{BOB}/change-number");
    let (status, _) = call(&lan.sandbox, "POST", &path, json!({ "number": CARL })).await;
    assert_eq!(status, 409, "the number is taken");
    let moved = ok(&lan.sandbox, "POST", &path, json!({ "number": NEW })).await;
    assert_eq!(moved["number"], format!("+{NEW}"));
    bob.wait("logout", |event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
    let change = alice
        .wait("number change", |event| match event {
            Event::ContactNumberChanged(change) => Some(change.clone()),
            _ => None,
        })
        .await;
    assert_eq!((change.old_jid, change.new_jid), (Jid::pn(BOB), Jid::pn(NEW)));
    let gone = phones.find(BOB).await.expect("find");
    assert!(gone.is_none(), "the old number is free");

    alice.say(NEW, "after").await;
    phone_shows(&lan, NEW, ALICE, "after").await;
    phone_shows(&lan, NEW, ALICE, "before").await;
    phone_writes(&lan, NEW, ALICE, "same person").await;
    alice.text("same person").await;
    phone_writes(&lan, CARL, NEW, "got it").await;
    phone_shows(&lan, NEW, CARL, "got it").await;
    phone_shows(&lan, CARL, NEW, "hello carl").await;
    let card = ok(&lan.sandbox, "GET", &format!("/phones/{CARL}/contacts/{NEW}"), Value::Null).await;
    assert_eq!(card["about"], "moving");
    let error = phones.change_number(NEW, "12").await.expect_err("no number");
    assert!(matches!(error, PortError::Refused(_)), "{error}");

    let lan = lan.restart().await;
    phone_writes(&lan, NEW, CARL, "still here").await;
    phone_shows(&lan, CARL, NEW, "still here").await;
}
