use super::*;

const CALLER: &str = "222@lid";

fn stanza(from: &str, action: CallAction) -> Event {
    let call = IncomingCall::builder()
        .from(from.parse().unwrap())
        .stanza_id("S".to_owned())
        .timestamp(wacore::time::from_secs(1_767_225_600).unwrap())
        .offline(false)
        .action(action);
    Event::IncomingCall(call.build())
}

fn offer(id: &str, group: Option<&str>) -> Event {
    let action = CallAction::Offer {
        call_id: id.to_owned(),
        call_creator: CALLER.parse().unwrap(),
        caller_pn: Some("6281234567890@s.whatsapp.net".parse().unwrap()),
        caller_country_code: None,
        device_class: None,
        joinable: false,
        is_video: true,
        audio: Vec::new(),
        group_jid: group.map(|jid| jid.parse().unwrap()),
    };
    stanza(CALLER, action)
}

fn terminate(id: &str, reason: Option<&str>) -> Event {
    let action = CallAction::Terminate {
        call_id: id.to_owned(),
        call_creator: CALLER.parse().unwrap(),
        reason: reason.map(str::to_owned),
        duration: None,
        audio_duration: None,
    };
    stanza(CALLER, action)
}

#[test]
fn a_call_keeps_its_group_and_kind_to_its_end() {
    let mut ringing = Ringing::default();
    let group = "120363000000000001@g.us";
    let rings = ringing.after(&offer("C", Some(group))).unwrap();
    let expected = Call {
        id: "C".to_owned(),
        state: CallState::Ringing,
        from: ContactIds { pn: Some("6281234567890".to_owned()), lid: Some("222".to_owned()) },
        group: Some(group.parse().unwrap()),
        video: true,
    };
    assert_eq!(rings, expected);
    let over = ringing.after(&terminate("C", None)).unwrap();
    assert_eq!(over, Call { state: CallState::Missed, ..expected });
    let again = ringing.after(&terminate("C", None)).unwrap();
    assert_eq!((again.state, again.group), (CallState::Ended, None), "it does not ring any more");
}

#[test]
fn the_end_says_how() {
    for (reason, state) in [
        (None, CallState::Missed),
        (Some("timeout"), CallState::Missed),
        (Some("group_call_ended"), CallState::Missed),
        (Some("accepted_elsewhere"), CallState::Accepted),
        (Some("rejected_elsewhere"), CallState::Rejected),
        (Some("something_new"), CallState::Ended),
    ] {
        let mut ringing = Ringing::default();
        ringing.after(&offer("C", None)).unwrap();
        assert_eq!(ringing.after(&terminate("C", reason)).unwrap().state, state, "{reason:?}");
    }
}

#[test]
fn a_call_that_came_while_nobody_listened_was_missed() {
    let at = wacore::time::from_secs(1_767_225_600).unwrap();
    let missed = MissedCall::new(
        CALLER.parse().unwrap(),
        "C".to_owned(),
        at,
        wacore::types::call::MissedReason::Offline,
    );
    let call = Ringing::default().after(&Event::MissedCall(missed)).unwrap();
    assert_eq!((call.state, call.from.lid.as_deref()), (CallState::Missed, Some("222")));
}

#[test]
fn what_devices_say_to_each_other_is_no_news() {
    let action = CallAction::RelayLatency { call_id: "C".to_owned(), call_creator: CALLER.parse().unwrap() };
    assert_eq!(Ringing::default().after(&stanza(CALLER, action)), None);
    let busy = CallAction::Reject {
        call_id: "C".to_owned(),
        call_creator: CALLER.parse().unwrap(),
        reason: Some("busy".to_owned()),
    };
    assert_eq!(Ringing::default().after(&stanza(CALLER, busy)), None, "that device only");
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut ringing = Ringing::default();
    for n in 0..3 * MOST {
        ringing.after(&offer(&n.to_string(), None)).unwrap();
    }
    assert_eq!(ringing.0.len(), MOST);
}
