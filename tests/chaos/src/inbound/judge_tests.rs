use std::time::Instant;

use super::*;

/// Two chats of a session each in two workspaces, two messages in each.
struct Case {
    written: Vec<Written>,
    calls: Vec<Call>,
    told: Vec<Told>,
    listed: Vec<Listed>,
    stats: Vec<Stats>,
}

fn call(of: &Written, manner: Manner, after: u64) -> Call {
    Call {
        tenant: of.tenant,
        event: format!("evt {}", of.stanza_id),
        kind: "message.received".to_owned(),
        session: of.session.clone(),
        stanza_id: of.stanza_id.clone(),
        text: of.text.clone(),
        unsigned: None,
        manner,
        at: of.at + Duration::from_secs(after),
    }
}

impl Case {
    fn sound() -> Self {
        let at = Instant::now();
        let written: Vec<Written> = (0..2)
            .flat_map(|chat| (0..2).map(move |place| (chat, place)))
            .map(|(chat, place)| Written {
                chat,
                place,
                tenant: chat,
                session: format!("ses {chat}"),
                stanza_id: format!("3A {chat} {place}"),
                text: format!("chat {chat} message {place}"),
                at,
            })
            .collect();
        let mut calls: Vec<Call> = vec![call(&written[0], Manner::Fails, 1)];
        calls.extend(written.iter().map(|one| call(one, Manner::Takes, 2)));
        // the worker died before it could write down that the first was taken
        calls.push(call(&written[0], Manner::Takes, 9));
        let told = written.iter().map(|one| Told {
            tenant: one.tenant,
            event: format!("evt {}", one.stanza_id),
            session: one.session.clone(),
            stanza_id: one.stanza_id.clone(),
        });
        let listed = written.iter().map(|one| Listed {
            session: one.session.clone(),
            stanza_id: one.stanza_id.clone(),
            text: one.text.clone(),
        });
        let stats = Stats { enabled: true, delivered: 2, failed: 0, waiting: 0, behind: 3 };
        let (told, listed) = (told.collect(), listed.collect());
        Self { calls, told, listed, stats: vec![stats.clone(), stats], written }
    }

    fn judge(&self) -> Verdict {
        let Self { written, calls, told, listed, stats } = self;
        judge(&Evidence { written, calls, told, listed, stats })
    }
}

fn found(verdict: &Verdict) -> Vec<String> {
    let kinds = verdict.kinds().into_iter();
    kinds.flat_map(|(kind, found)| found.iter().map(move |what| format!("{kind}: {what}"))).collect()
}

#[test]
fn a_sound_run_has_nothing_wrong() {
    let verdict = Case::sound().judge();
    assert_eq!(found(&verdict), Vec::<String>::new());
    assert_eq!((verdict.taken, verdict.again, verdict.longest), (4, 1, Duration::from_secs(2)));
}

type Wrong = fn(&mut Case);

/// What goes wrong, and the one kind of finding that must say so.
const AT_THE_RECEIVER: [(&str, Wrong, &str); 11] = [
    (
        "a message never comes",
        |case| drop(case.calls.remove(4)),
        "written and never taken: \"chat 1 message 1\"",
    ),
    (
        "it comes and is only ever refused",
        |case| case.calls[4].manner = Manner::Later,
        "written and never taken: \"chat 1 message 1\"",
    ),
    (
        "… or the connection is reset each time",
        |case| case.calls[4].manner = Manner::Resets,
        "written and never taken: \"chat 1 message 1\"",
    ),
    ("two change places", |case| case.calls.swap(3, 4), "taken out of order: \"chat 1 message 0\""),
    (
        "the first is taken only after the second",
        |case| case.calls[1].manner = Manner::Hangs,
        "taken out of order: \"chat 0 message 0\"",
    ),
    (
        "it comes again as another event",
        |case| case.calls[5].event = "evt other".to_owned(),
        "told under two ids: 3A 0 0 of ses 0",
    ),
    (
        "… also when that one was refused",
        |case| case.calls[0].event = "evt other".to_owned(),
        "told under two ids: 3A 0 0 of ses 0",
    ),
    (
        "a signature is bad",
        |case| case.calls[2].unsigned = Some("invalid signature".to_owned()),
        "badly signed: evt 3A 0 1",
    ),
    (
        "another tenant is told",
        |case| case.calls.push(Call { tenant: 1, ..case.calls[1].clone() }),
        "told of what nobody wrote: message.received evt 3A 0 0",
    ),
    (
        "a message comes with other words",
        |case| case.calls[5].text = "hi".to_owned(),
        "told of what nobody wrote: message.received evt 3A 0 0 (\"hi\"",
    ),
    (
        "something else is told of it",
        |case| case.calls[5].kind = "message.sent".to_owned(),
        "told of what nobody wrote: message.sent",
    ),
];

const ON_RECORD: [(&str, Wrong, &str); 13] = [
    (
        "a message is not on record",
        |case| drop(case.listed.remove(0)),
        "not once on record: \"chat 0 message 0\"",
    ),
    (
        "… or twice",
        |case| case.listed.push(case.listed[0].clone()),
        "not once on record: \"chat 0 message 0\"",
    ),
    (
        "… or in another session",
        |case| case.listed[0].session = "ses 1".to_owned(),
        "not once on record: \"chat 0",
    ),
    (
        "… or says something else",
        |case| case.listed[0].text = "hi".to_owned(),
        "not once on record: \"chat 0",
    ),
    (
        "a message is on record that nobody wrote",
        |case| case.listed.push(Listed { stanza_id: "3A".to_owned(), ..case.listed[0].clone() }),
        "not once on record: a message that nobody wrote",
    ),
    (
        "an event is not on record",
        |case| drop(case.told.remove(3)),
        "not once on record: \"chat 1 message 1\"",
    ),
    ("… or twice", |case| case.told.push(case.told[3].clone()), "not once on record: \"chat 1 message 1\""),
    (
        "an event is on record under another id than it was told",
        |case| case.told[3].event = "evt other".to_owned(),
        "told under two ids: 3A 1 1 of ses 1",
    ),
    (
        "two messages are the same event",
        |case| case.told[3].event = case.told[2].event.clone(),
        "told under two ids: evt 3A 1 0 is",
    ),
    ("something still waits", |case| case.stats[1].waiting = 1, "webhooks not at rest: that of workspace 1"),
    (
        "a webhook is far behind",
        |case| case.stats[0].behind = 400,
        "webhooks not at rest: that of workspace 0",
    ),
    ("something was given up", |case| case.stats[0].failed = 1, "webhooks not at rest: that of workspace 0"),
    (
        "too much counts as delivered",
        |case| case.stats[0].delivered = 3,
        "webhooks not at rest: that of workspace 0",
    ),
];

#[test]
fn whatever_is_wrong_is_found() {
    for (what, wrong, finding) in AT_THE_RECEIVER.into_iter().chain(ON_RECORD) {
        let mut case = Case::sound();
        wrong(&mut case);
        let found = found(&case.judge());
        assert!(found.iter().any(|found| found.starts_with(finding)), "{what}: {found:?}");
    }
}

#[test]
fn a_webhook_that_is_off_is_not_at_rest() {
    let mut case = Case::sound();
    case.stats[0].enabled = false;
    assert_eq!(case.judge().left.len(), 1);
}
