//! Presence, subscriptions, typing.

use wacore::types::events::Event;
use wacore_binary::Jid;

use crate::Lan;
use crate::client::Client;

const ALICE: &str = "4915400000001";
const BOB: &str = "4915400000002";

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_see_who_comes_and_goes() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let phones = lan.sandbox.phones();
    lan.sandbox.network().devices(&Jid::pn(BOB)).await.expect("bob exists");
    alice.wa().presence().subscribe(Jid::pn(BOB)).await.expect("subscribe");
    // The subscription has no answer; a request behind it has, and order is kept.
    alice.wa().contacts().is_on_whatsapp(&[Jid::pn(BOB)]).await.expect("query");
    phones.set_presence(BOB, true).await.expect("available");
    let seen = |unavailable| {
        move |event: &Event| match event {
            Event::Presence(presence) if presence.unavailable == unavailable => Some(presence.clone()),
            _ => None,
        }
    };
    let online = alice.wait("available", seen(false)).await;
    assert_eq!(online.from, Jid::pn(BOB));
    phones.set_presence(BOB, false).await.expect("unavailable");
    let offline = alice.wait("unavailable", seen(true)).await;
    assert!(offline.last_seen.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_shown_to_the_other_side() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    bob.wa().chatstate().send_composing(&Jid::pn(ALICE)).await.expect("composing");
    let from = alice
        .wait("typing", |event| match event {
            Event::ChatPresence(update) => Some(update.source.sender.clone()),
            _ => None,
        })
        .await;
    assert_eq!(from.user.as_str(), BOB);
}
