//! Pairing by QR and by code, replaced connections, unlinking.

use wacore::types::events::Event;
use wacore_binary::Jid;
use wagate_sandbox::ports::PortError;

use crate::client::{Client, link, read_qr};
use crate::{Lan, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_qr_code_links_and_connects() {
    let lan = Lan::start().await;
    let client = Client::start(&lan.sandbox).await;
    let device = link(&lan.sandbox, "4915111111111", &client.qr().await).await;
    assert_eq!(device, 1);
    client.connected().await;
    let companions = lan.sandbox.network().companions("4915111111111").await.expect("companions");
    assert_eq!(companions.len(), 1);
    assert_eq!((companions[0].device, companions[0].key_index), (1, 1));
    let own = client.wa().pn().expect("own number");
    assert_eq!((own.user.as_str(), own.device), ("4915111111111", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_code_links_and_connects() {
    let lan = Lan::start().await;
    let client = Client::with_code_for(&lan.sandbox, "4915122222222").await;
    let code = client
        .wait("pairing code", |event| match event {
            Event::PairingCode(code) => Some(code.code.clone()),
            _ => None,
        })
        .await;
    let linked = lan.sandbox.network().link_by_code("4915122222222", &code).await.expect("link");
    assert_eq!(linked.device, 1);
    client.connected().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_reference_and_an_unknown_code_are_refused() {
    let lan = Lan::start().await;
    let network = lan.sandbox.network();
    let error = network.link_by_qr("4915133333333", "2@nothing", [0; 32]).await.expect_err("reference");
    assert!(matches!(error, PortError::NotFound(_)), "{error}");
    let error = network.link_by_code("4915133333333", "ABCD1234").await.expect_err("code");
    assert!(matches!(error, PortError::NotFound(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_adv_secret_is_refused_by_the_companion() {
    let lan = Lan::start().await;
    let client = Client::start(&lan.sandbox).await;
    let (reference, _) = read_qr(&client.qr().await);
    let error =
        lan.sandbox.network().link_by_qr("4915144444444", &reference, [9; 32]).await.expect_err("secret");
    assert!(matches!(error, PortError::Refused(_)), "{error}");
    assert!(lan.sandbox.network().companions("4915144444444").await.expect("companions").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn device_ids_and_key_indexes_are_never_reused() {
    let lan = Lan::start().await;
    let network = lan.sandbox.network();
    let first = Client::linked(&lan.sandbox, "4915155555555").await;
    network.unlink("4915155555555", 1).await.expect("unlink");
    let second = Client::linked(&lan.sandbox, "4915155555555").await;
    let companions = network.companions("4915155555555").await.expect("companions");
    assert_eq!((companions[0].device, companions[0].key_index), (2, 2));
    drop((first, second));
}

#[tokio::test(flavor = "multi_thread")]
async fn unlinking_logs_the_client_out() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, "4915166666666").await;
    lan.sandbox.network().unlink("4915166666666", 1).await.expect("unlink");
    client.wait("logout", |event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
    assert!(lan.sandbox.network().companions("4915166666666").await.expect("companions").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_logs_out_is_unlinked() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, "4915177777777").await;
    client.wa().logout().await;
    eventually("unlinking", || async {
        let left = lan.sandbox.network().companions("4915177777777").await.expect("companions");
        left.is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_replaces_the_first() {
    let lan = Lan::start().await;
    let store = Client::linked(&lan.sandbox, "4915188888888").await.leave().await;
    let first = Client::with_store(&lan.sandbox, store.clone(), None).await;
    first.connected().await;
    let second = Client::with_store(&lan.sandbox, store, None).await;
    second.connected().await;
    first.wait("replacement", |event| matches!(event, Event::StreamReplaced(_)).then_some(())).await;
    eventually("one connection", || async { (lan.sandbox.online() == 1).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlinked_client_cannot_come_back() {
    let lan = Lan::start().await;
    let store = Client::linked(&lan.sandbox, "4915199999999").await.leave().await;
    lan.sandbox.network().unlink("4915199999999", 1).await.expect("unlink");
    let again = Client::with_store(&lan.sandbox, store, None).await;
    again.wait("logout", |event| matches!(event, Event::LoggedOut(_)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_learn_of_a_new_companion() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, "4915100000001").await;
    let bob = Client::linked(&lan.sandbox, "4915100000002").await;
    alice.say("4915100000002", "first").await;
    bob.text("first").await;
    let tablet = Client::linked(&lan.sandbox, "4915100000002").await;
    let listed = alice
        .wait("device list update", |event| match event {
            Event::DeviceListUpdate(update) => Some(update.user.clone()),
            _ => None,
        })
        .await;
    assert_eq!(listed, Jid::pn("4915100000002"));
    alice.say("4915100000002", "second").await;
    bob.text("second").await;
    tablet.text("second").await;
}
