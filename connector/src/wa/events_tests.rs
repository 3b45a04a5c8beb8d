use wacore::types::events::{
    ClientOutdated, ConnectFailure, Connected, PairingQrCode, PairingQrCodesExhausted, StreamReplaced,
};
use wacore_binary::{Node, builder::NodeBuilder};

use super::*;

fn logout(on_connect: bool, reason: ConnectFailureReason, raw: Option<Node>) -> Goodbye {
    let event = LoggedOut::builder().on_connect(on_connect).reason(reason).maybe_raw(raw).build();
    match translate(&Event::LoggedOut(event)) {
        Some(WireEvent::Over(goodbye)) => goodbye,
        other => panic!("not an end: {other:?}"),
    }
}

fn stream_error(code: Option<&str>, conflict: Option<&str>) -> Node {
    let mut node = NodeBuilder::new("stream:error");
    if let Some(code) = code {
        node = node.attr("code", code);
    }
    if let Some(kind) = conflict {
        node = node.children(vec![NodeBuilder::new("conflict").attr("type", kind).build()]);
    }
    node.build()
}

#[test]
fn only_a_removed_device_loses_its_credentials() {
    use ConnectFailureReason as Reason;
    let failure = || Some(NodeBuilder::new("failure").attr("reason", "401").build());
    for (on_connect, reason, raw, code, definite) in [
        (
            false,
            Reason::LoggedOut,
            Some(stream_error(Some("401"), Some("device_removed"))),
            "device_removed",
            true,
        ),
        (false, Reason::LoggedOut, Some(stream_error(None, Some("device_removed"))), "device_removed", true),
        (false, Reason::LoggedOut, Some(stream_error(Some("516"), None)), "logged_out", false),
        (false, Reason::LoggedOut, Some(stream_error(Some("401"), None)), "logged_out", false),
        (false, Reason::LoggedOut, Some(stream_error(None, Some("something-new"))), "logged_out", false),
        (true, Reason::LoggedOut, failure(), "device_removed", true),
        (true, Reason::AccountLocked, failure(), "account_locked", false),
        (true, Reason::UnknownLogout, failure(), "logged_out", false),
        (false, Reason::LoggedOut, None, "logged_out", false),
    ] {
        let goodbye = logout(on_connect, reason, raw.clone());
        assert_eq!(goodbye, Goodbye::LoggedOut { code, definite }, "{reason:?} {raw:?}");
    }
}

#[test]
fn connections_end_for_good_or_for_a_moment() {
    let failure = |reason| Event::ConnectFailure(ConnectFailure::builder().reason(reason).build());
    for (event, expected) in [
        (failure(ConnectFailureReason::ServiceUnavailable), None),
        (failure(ConnectFailureReason::InternalServerError), None),
        (failure(ConnectFailureReason::Generic), Some(Goodbye::Refused { code: 400, message: None })),
        (
            failure(ConnectFailureReason::TempBanned),
            Some(Goodbye::Banned { why: "it does not say why".to_owned(), lasts: None }),
        ),
        (Event::StreamReplaced(StreamReplaced::builder().build()), Some(Goodbye::Replaced)),
        (Event::ClientOutdated(ClientOutdated::builder().build()), Some(Goodbye::Outdated)),
    ] {
        match (translate(&event), expected) {
            (Some(WireEvent::Over(goodbye)), Some(expected)) => assert_eq!(goodbye, expected),
            (Some(WireEvent::Lost), None) => {}
            other => panic!("{event:?}: {other:?}"),
        }
    }
}

#[test]
fn pairing_and_login_are_told() {
    let qr = PairingQrCode::builder().code("2@a".to_owned()).timeout(Duration::from_secs(20)).build();
    let told = translate(&Event::PairingQrCode(qr));
    assert!(
        matches!(told, Some(WireEvent::Qr { code, valid_for }) if code == "2@a" && valid_for.as_secs() == 20)
    );
    let end = PairingQrCodesExhausted::builder().disconnected(true).build();
    let told = translate(&Event::PairingQrCodesExhausted(end));
    assert!(matches!(told, Some(WireEvent::QrExhausted { closed: true })));
    let told = translate(&Event::Connected(Connected::builder().build()));
    assert!(matches!(told, Some(WireEvent::Online)));
}
