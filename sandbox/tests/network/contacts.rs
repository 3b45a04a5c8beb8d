//! Who is on the network, and what kind of account it is.

use serde_json::{Value, json};
use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;
use wagate_sandbox::ports::Phones;

use crate::Lan;
use crate::client::Client;
use crate::control::{call, ok};
use crate::raw::{Raw, has};

const ALICE: &str = "4916100000001";
const BOB: &str = "4916100000002";

#[tokio::test(flavor = "multi_thread")]
async fn a_number_taken_off_the_network_is_gone_at_once() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    alice.say(BOB, "hello").await;
    let registered = async || {
        let found = alice.wa().contacts().is_on_whatsapp(&[Jid::pn(BOB)]).await.expect("query");
        found.first().is_some_and(|found| found.is_registered)
    };
    assert!(registered().await);
    let path = format!("/phones/{BOB}");
    ok(&lan.sandbox, "PATCH", &path, json!({ "on_whatsapp": false })).await;
    assert!(!registered().await);
    let (status, _) =
        call(&lan.sandbox, "GET", &format!("/phones/{ALICE}/contacts/{BOB}"), Value::Null).await;
    assert_eq!(status, 404);
    ok(&lan.sandbox, "PATCH", &path, json!({ "on_whatsapp": true })).await;
    assert!(registered().await);
    alice.say(BOB, "welcome back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_shows_its_name_and_profile() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let phones = lan.sandbox.phones();
    phones.ensure(BOB, None).await.expect("bob");
    let of = Jid::pn(BOB);
    assert!(alice.wa().get_business_profile(&of).await.expect("profile").is_none());
    let business = json!({ "business": {
        "name": "Bob's Bikes", "description": "Bikes and more", "email": "bob@example.org",
        "websites": ["https://example.org"], "category": "Bike shop",
        "hours": [{ "day": "mon", "mode": "specific_hours", "open": 540, "close": 1080 }],
    } });
    ok(&lan.sandbox, "PATCH", &format!("/phones/{BOB}"), business).await;
    let profile = alice.wa().get_business_profile(&of).await.expect("profile").expect("a business");
    assert_eq!((profile.wid.as_ref(), profile.description.as_str()), (Some(&of), "Bikes and more"));
    assert_eq!((profile.email.as_deref(), profile.website.len()), (Some("bob@example.org"), 1));
    assert_eq!(profile.categories[0].name, "Bike shop");
    let hours = profile.business_hours.business_config.expect("hours");
    assert_eq!((hours[0].open_time, hours[0].close_time), (Some(540), Some(1080)));

    let found = alice.wa().contacts().is_on_whatsapp(std::slice::from_ref(&of)).await.expect("query");
    assert!(found[0].is_business);
    let name = found[0].verified_name.as_ref().and_then(|name| name.name.as_deref());
    assert_eq!(name, Some("Bob's Bikes"));
    let card = ok(&lan.sandbox, "GET", &format!("/phones/{ALICE}/contacts/{BOB}"), Value::Null).await;
    assert_eq!(card["verified_name"], "Bob's Bikes");

    let text = json!({ "to": ALICE, "type": "text", "text": { "body": "we are open" } });
    ok(&lan.sandbox, "POST", &format!("/phones/{BOB}/messages"), text).await;
    let message = alice.text("we are open").await;
    let name = message.info.verified_name.as_ref().and_then(|name| name.name.as_deref());
    assert_eq!(name, Some("Bob's Bikes"));
    ok(&lan.sandbox, "PATCH", &format!("/phones/{BOB}"), json!({ "business": false })).await;
    assert!(alice.wa().get_business_profile(&of).await.expect("profile").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_list_that_the_client_has_is_not_sent_again() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    lan.sandbox.network().devices(&Jid::pn(BOB)).await.expect("bob exists");
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let mut devices_of = async |known: Option<&str>| {
        let mut user = NodeBuilder::new("user").attr("jid", Jid::pn(BOB));
        if let Some(hash) = known {
            user = user.children([NodeBuilder::new("devices").attr("device_hash", hash).build()]);
        }
        let query = NodeBuilder::new("devices").attr("version", 2).build();
        let usync = NodeBuilder::new("usync").attr("sid", "1").attr("mode", "query").children([
            NodeBuilder::new("query").children([query]).build(),
            NodeBuilder::new("list").children([user.build()]).build(),
        ]);
        let (answer, _) = raw.ask("usync", "get", usync.build()).await;
        let list = answer.get_optional_child_by_tag(&["usync", "list"]).expect("list").clone();
        let list = list.get_optional_child_by_tag(&["user", "devices", "device-list"]).cloned();
        list.and_then(|list| list.attrs.get("hash").map(|hash| hash.as_str().into_owned()))
    };
    let hash = devices_of(None).await.expect("hash");
    assert_eq!(devices_of(Some(&hash)).await, None);
    assert_eq!(devices_of(Some("2:AAAAAAAA")).await.as_ref(), Some(&hash));
    Raw::link(&lan.sandbox, BOB).await;
    let changed = devices_of(Some(&hash)).await.expect("a longer list");
    assert_ne!(changed, hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn lid_digits_in_front_of_the_number_server_are_resolved() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    lan.sandbox.network().devices(&Jid::pn(BOB)).await.expect("bob exists");
    let lid = lan.sandbox.network().account(&Jid::pn(BOB)).await.expect("account").expect("bob").lid;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let user = NodeBuilder::new("user").attr("jid", Jid::pn(lid.as_str())).build();
    let key = NodeBuilder::new("key").children([user]).build();
    let (answer, _) = raw.ask("encrypt", "get", key).await;
    let user = answer.get_optional_child_by_tag(&["list", "user"]).expect("user");
    assert!(has(user, "jid", &Jid::pn(lid.as_str()).to_string()), "{user:?}");
    assert!(user.get_optional_child("skey").is_some(), "{user:?}");
}
