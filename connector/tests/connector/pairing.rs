//! Linking by QR and by code, logging out from either side.

use wagate_domain::{
    events::EventData,
    ports::SessionCalls,
    sessions::{Command, CommandReply, Pairing, SessionKey, State},
};

use crate::rig::{Rig, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_qr_code_links_the_session() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.session().await;
    // asked for twice, it is told once
    let reply = rig.call(session, Command::OfferQr).await;
    assert!(matches!(reply, CommandReply::Pairing(Pairing::Qr { .. })), "{reply:?}");
    rig.scan(session, "4915111111111").await;
    let record = rig.in_state(session, State::Connected).await;
    assert_eq!(record.pn.as_deref(), Some("4915111111111"));
    assert!(record.lid.is_some());
    let states: Vec<State> = rig
        .events(session)
        .iter()
        .filter_map(
            |data| if let EventData::SessionStatus { state, .. } = data { Some(*state) } else { None },
        )
        .collect();
    assert_eq!(states, [State::Starting, State::Pairing, State::Connected]);
    let offers = offers(&rig, session);
    assert!(matches!(&offers[..], [Pairing::Qr { .. }]), "{offers:?}");
    eventually("the offer taken down", || async {
        rig.calls().offered(session).await.expect("offer").is_none().then_some(())
    })
    .await;
    let refused = rig.call(session, Command::OfferQr).await;
    assert!(
        matches!(&refused, CommandReply::Refused { code, .. } if code == "already_linked"),
        "{refused:?}"
    );
    connector.shutdown().await;
    rig.stop().await;
}

/// What the log was told to be on offer.
fn offers(rig: &Rig, session: SessionKey) -> Vec<Pairing> {
    let told = rig.events(session).into_iter();
    told.filter_map(|data| if let EventData::SessionOffer(pairing) = data { Some(pairing) } else { None })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_code_links_the_session() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.session().await;
    let reply = rig.call(session, Command::OfferCode { phone: "4915122222222".to_owned() }).await;
    let CommandReply::Pairing(Pairing::Code { code, expires_at }) = reply else {
        panic!("no code: {reply:?}");
    };
    assert_eq!(code.len(), 8);
    assert!(expires_at > rig.env.now());
    let offered = Pairing::Code { code: code.clone(), expires_at };
    rig.event("the code in the log", session, |data| {
        matches!(data, EventData::SessionOffer(pairing) if *pairing == offered).then_some(())
    })
    .await;
    rig.sandbox.network().link_by_code("4915122222222", &code).await.expect("link");
    let record = rig.in_state(session, State::Connected).await;
    assert_eq!(record.pn.as_deref(), Some("4915122222222"));
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_number_gets_no_code() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.session().await;
    let refused = rig.call(session, Command::OfferCode { phone: "0".to_owned() }).await;
    assert!(
        matches!(&refused, CommandReply::Refused { code, .. } if code == "bad_phone_number"),
        "{refused:?}"
    );
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_logged_out_can_be_linked_anew() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.linked("4915133333333").await;
    assert_eq!(rig.call(session, Command::Logout).await, CommandReply::Done);
    let record = rig.in_state(session, State::LoggedOut).await;
    assert_eq!(record.pn, None);
    eventually("unlinking", || async {
        let left = rig.sandbox.network().companions("4915133333333").await.expect("companions");
        left.is_empty().then_some(())
    })
    .await;

    let reply = rig.call(session, Command::OfferQr).await;
    assert!(matches!(reply, CommandReply::Pairing(Pairing::Qr { .. })), "{reply:?}");
    rig.scan(session, "4915133333334").await;
    let record = rig.in_state(session, State::Connected).await;
    assert_eq!(record.pn.as_deref(), Some("4915133333334"));
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_removed_on_the_phone_is_forgotten() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.linked("4915144444444").await;
    rig.sandbox.network().unlink("4915144444444", 1).await.expect("unlink");
    let record = rig.in_state(session, State::LoggedOut).await;
    assert_eq!(record.reason.map(|reason| reason.code).as_deref(), Some("device_removed"));
    assert_eq!(record.pn, None);
    rig.event("unlinked", session, |data| matches!(data, EventData::SessionUnlinked {}).then_some(())).await;
    // a new connector leaves it alone until somebody asks
    connector.shutdown().await;
    let connector = rig.connector();
    eventually("taken over", || async { (connector.held() == 1).then_some(()) }).await;
    assert!(matches!(rig.call(session, Command::OfferQr).await, CommandReply::Pairing(_)));
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_nobody_scans_run_out_and_can_be_asked_for_again() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.session().await;
    // asking for the code itself would count as somebody waiting
    rig.in_state(session, State::Pairing).await;
    // takes close to three minutes: six codes with the lifetimes that WhatsApp gives them
    let record = rig.in_state(session, State::Created).await;
    assert_eq!(record.reason.map(|reason| reason.code).as_deref(), Some("pairing_expired"));
    let reply = rig.call(session, Command::OfferQr).await;
    assert!(matches!(reply, CommandReply::Pairing(Pairing::Qr { .. })), "{reply:?}");
    rig.scan(session, "4915155555555").await;
    rig.in_state(session, State::Connected).await;
    connector.shutdown().await;
    rig.stop().await;
}
