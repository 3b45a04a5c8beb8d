//! Who may see what, who is blocked, who needs a token.

use serde_json::{Value, json};
use wacore::iq::privacy::{
    DisallowedListAction, DisallowedListUpdate, DisallowedListUserEntry, PrivacyCategory, PrivacyValue,
};
use wacore::types::events::Event;
use wacore_binary::Jid;
use wagate_sandbox::phones::{Outgoing, Status};
use wagate_sandbox::ports::Phones;

use crate::client::Client;
use crate::control::{call, ok};
use crate::{Lan, eventually};

const ALICE: &str = "4916000000001";
const BOB: &str = "4916000000002";
const CARL: &str = "4916000000003";

async fn lid_of(lan: &Lan, number: &str) -> Jid {
    let account = lan.sandbox.network().account(&Jid::pn(number)).await.expect("account").expect("exists");
    Jid::lid(account.lid.as_str())
}

/// Waits until a phone has a message, and says how far it came.
async fn sent(lan: &Lan, from: &str, to: &str, text: &str) -> Status {
    let outgoing = Outgoing { to: to.into(), text: Some(text.into()), ..Outgoing::default() };
    lan.sandbox.phones().send(from, outgoing).await.expect("send").status
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_kept_and_returned() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let wa = alice.wa();
    let fresh = wa.fetch_privacy_settings().await.expect("settings");
    assert_eq!(fresh.get_value(&PrivacyCategory::Last), Some(&PrivacyValue::All));
    for (category, value) in [
        (PrivacyCategory::Last, PrivacyValue::Contacts),
        (PrivacyCategory::Online, PrivacyValue::MatchLastSeen),
        (PrivacyCategory::ReadReceipts, PrivacyValue::None),
        (PrivacyCategory::CallAdd, PrivacyValue::Known),
    ] {
        wa.set_privacy_setting(category, value).await.expect("set");
    }
    drop(wa);
    let store = alice.leave().await;
    let lan = lan.restart().await;
    let alice = Client::with_store(&lan.sandbox, store, None).await;
    alice.connected().await;
    let kept = alice.wa().fetch_privacy_settings().await.expect("settings");
    assert_eq!(kept.get_value(&PrivacyCategory::Last), Some(&PrivacyValue::Contacts));
    assert_eq!(kept.get_value(&PrivacyCategory::Online), Some(&PrivacyValue::MatchLastSeen));
    assert_eq!(kept.get_value(&PrivacyCategory::ReadReceipts), Some(&PrivacyValue::None));
    assert_eq!(kept.get_value(&PrivacyCategory::CallAdd), Some(&PrivacyValue::Known));
    assert_eq!(kept.get_value(&PrivacyCategory::Profile), Some(&PrivacyValue::All));
}

#[tokio::test(flavor = "multi_thread")]
async fn picture_and_text_are_hidden_from_whom_they_shall_be() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let carl = Client::linked(&lan.sandbox, CARL).await;
    alice.wa().profile().set_profile_picture(vec![0xff, 0xd8, 0xff]).await.expect("picture");
    alice.wa().profile().set_status_text("busy").await.expect("text");
    let sees = async |viewer: &Client| {
        let of = Jid::pn(ALICE);
        let picture = viewer.wa().contacts().get_profile_picture(&of, false).await.expect("picture");
        let info = viewer.wa().contacts().get_user_info(std::slice::from_ref(&of)).await.expect("info");
        let text = info[&of].status.as_deref().is_some_and(|text| text == "busy");
        assert_eq!(info[&of].picture_id.is_some(), picture.is_some());
        (picture.is_some(), text)
    };
    assert_eq!(sees(&bob).await, (true, true));
    let set = async |value: PrivacyValue| {
        for category in [PrivacyCategory::Profile, PrivacyCategory::Status] {
            alice.wa().set_privacy_setting(category, value.clone()).await.expect("set");
        }
    };
    set(PrivacyValue::Contacts).await;
    assert_eq!(sees(&bob).await, (false, false));
    alice.say(BOB, "now you are a contact").await;
    assert_eq!(sees(&bob).await, (true, true));
    assert_eq!(sees(&carl).await, (false, false));
    ok(&lan.sandbox, "PUT", &format!("/phones/{ALICE}/contacts/{CARL}"), Value::Null).await;
    assert_eq!(sees(&carl).await, (true, true));

    let except = DisallowedListUserEntry {
        action: DisallowedListAction::Add,
        jid: lid_of(&lan, BOB).await,
        pn_jid: Some(Jid::pn(BOB)),
    };
    let update = DisallowedListUpdate { dhash: "none".into(), users: vec![except] };
    let answer = alice.wa().set_privacy_disallowed_list(PrivacyCategory::Profile, update).await;
    assert!(answer.expect("list").dhash.is_some());
    assert_eq!(sees(&bob).await, (false, true));
    assert_eq!(sees(&carl).await, (true, true));
    set(PrivacyValue::None).await;
    assert_eq!(sees(&carl).await, (false, false));
    assert!(alice.wa().contacts().get_profile_picture(&Jid::pn(ALICE), true).await.expect("own").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_confirm_reading_is_not_told_either() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let phones = lan.sandbox.phones();
    phones.ensure(BOB, None).await.expect("bob");
    let path = format!("/phones/{BOB}/privacy/readreceipts");
    ok(&lan.sandbox, "PUT", &path, json!({ "value": "none" })).await;
    let id = alice.say(BOB, "are you there").await;
    alice.receipt(&id, "Delivered").await;
    assert_eq!(phones.read_chat(BOB, ALICE).await.expect("read"), std::slice::from_ref(&id));
    let answer = Outgoing { to: ALICE.into(), text: Some("yes".into()), ..Outgoing::default() };
    let answer = phones.send(BOB, answer).await.expect("send").id;
    alice.text("yes").await;
    alice.wa().mark_as_read(&Jid::pn(BOB), None, &[&answer]).await.expect("read");
    // What would have come, came before the answer to a later request.
    ok(&lan.sandbox, "PUT", &path, json!({ "value": "all" })).await;
    let later = alice.say(BOB, "and now").await;
    alice.receipt(&later, "Delivered").await;
    phones.read_chat(BOB, ALICE).await.expect("read");
    alice.receipt(&later, "Read").await;
    let told = |event: &Event| {
        matches!(event, Event::Receipt(receipt)
        if format!("{:?}", receipt.r#type) == "Read" && receipt.message_ids.contains(&id))
    };
    assert!(!alice.events().iter().any(|event| told(event)), "the receipt was to be kept back");
    assert_ne!(phones.message(BOB, &answer).await.expect("message").status, Status::Read);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_number_reaches_nobody_until_it_is_unblocked() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let tablet = Client::linked(&lan.sandbox, ALICE).await;
    alice.say(BOB, "hello").await;
    alice.wa().profile().set_profile_picture(vec![0xff, 0xd8, 0xff]).await.expect("picture");
    alice.wa().blocking().block(&Jid::pn(BOB)).await.expect("block");
    for device in [&alice, &tablet] {
        // The tablet learns of Bob's two addresses from the list itself.
        let list = device.wa().blocking().get_blocklist().await.expect("list");
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].jid, lid_of(&lan, BOB).await);
    }
    assert_eq!(sent(&lan, BOB, ALICE, "can you hear me").await, Status::Sent);
    let card = ok(&lan.sandbox, "GET", &format!("/phones/{BOB}/contacts/{ALICE}"), Value::Null).await;
    assert!(card["picture"].is_null(), "{card}");
    alice.wa().blocking().unblock(&Jid::pn(BOB)).await.expect("unblock");
    sent(&lan, BOB, ALICE, "hello again").await;
    alice.text("hello again").await;
    assert!(!alice.texts().contains(&"can you hear me".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_has_blocked_a_client_gets_nothing_of_it() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let phones = lan.sandbox.phones();
    phones.ensure(BOB, None).await.expect("bob");
    let path = format!("/phones/{BOB}/blocked/{ALICE}");
    ok(&lan.sandbox, "PUT", &path, Value::Null).await;
    let unheard = alice.say(BOB, "can you hear me").await;
    alice.wa().chatstate().send_composing(&Jid::pn(BOB)).await.expect("typing");
    ok(&lan.sandbox, "DELETE", &path, Value::Null).await;
    let heard = alice.say(BOB, "hello").await;
    eventually("message", || async { phones.message(BOB, &heard).await.ok() }).await;
    assert!(phones.message(BOB, &unheard).await.is_err(), "a blocked message arrived");
    assert!(phones.look_at(BOB, ALICE).await.expect("chat").typing.is_none());
    let (status, _) = call(&lan.sandbox, "PUT", &format!("/phones/{BOB}/blocked/{BOB}"), Value::Null).await;
    assert_eq!(status, 409, "nobody blocks himself");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_need_a_token_where_one_is_asked_for() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    phones.ensure(BOB, None).await.expect("bob");
    // 10518: the client sends the tokens it has.
    phones.ensure(ALICE, None).await.expect("alice");
    let props = json!({ "ab_props": { "10518": "1" } });
    ok(&lan.sandbox, "PATCH", &format!("/phones/{ALICE}"), props).await;
    ok(&lan.sandbox, "PATCH", &format!("/phones/{BOB}"), json!({ "requires_token": true })).await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let refused = alice.wa().send_text(Jid::pn(BOB), "hello").await.expect("send").message_id;
    let code = alice
        .wait("refusal", |event| match event {
            Event::ServerAck(ack) if ack.id == refused => ack.error.clone(),
            _ => None,
        })
        .await;
    assert_eq!(code.to_string(), "463");
    assert!(phones.message(BOB, &refused).await.is_err());

    // Bob gives Alice a token, as clients do after a first message.
    bob.wa().tc_token().issue_tokens(&[Jid::pn(ALICE)]).await.expect("issue");
    let lid = lid_of(&lan, BOB).await;
    eventually("token", || async {
        let entry = alice.wa().tc_token().get(&lid.user).await.expect("store")?;
        (!entry.token.is_empty()).then_some(())
    })
    .await;
    let id = alice.say(BOB, "hello with a token").await;
    eventually("message", || async { phones.message(BOB, &id).await.ok() }).await;
    bob.text("hello with a token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_s_salt_opens_the_door_to_a_stranger() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    for number in [ALICE, BOB] {
        phones.ensure(number, None).await.expect("phone");
    }
    // 24941: the client makes a token of the salt that its phone has given it.
    let props = json!({ "ab_props": { "24941": "1" } });
    ok(&lan.sandbox, "PATCH", &format!("/phones/{ALICE}"), props).await;
    ok(&lan.sandbox, "PATCH", &format!("/phones/{BOB}"), json!({ "requires_token": true })).await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let salt = || alice.wa().persistence_manager().get_device_snapshot().nct_salt.clone();
    eventually("salt", || async { salt() }).await;
    let id = alice.say(BOB, "hello stranger").await;
    eventually("message", || async { phones.message(BOB, &id).await.ok() }).await;
}
