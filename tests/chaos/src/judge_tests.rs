use super::*;

fn chat(to: &str, recipient: Recipient) -> Chat {
    Chat { session: 0, to: to.to_owned(), recipient, messages: 2 }
}

fn accepted(chat: usize, place: usize) -> Accepted {
    let text = format!("chat {chat} message {place}");
    Accepted { chat, place, id: format!("msg {text}"), stanza_id: format!("3EB0 {text}"), text }
}

fn shown(of: &Accepted, phone: &str, position: i64) -> Shown {
    Shown {
        seq: position,
        phone: phone.to_owned(),
        from: "49".to_owned(),
        position,
        id: of.stanza_id.clone(),
        text: Some(of.text.clone()),
        undecryptable: false,
        retries: 0,
        duplicates: 0,
    }
}

/// A case: three chats, of which one phone reads and one number is nobody's.
struct Case {
    chats: Vec<Chat>,
    accepted: Vec<Accepted>,
    shown: Vec<Shown>,
    said: HashMap<String, Said>,
    base: Census,
    end: Census,
}

impl Case {
    fn sound() -> Self {
        let chats =
            vec![chat("1", Recipient::Shows), chat("2", Recipient::Reads), chat("3", Recipient::Nobody)];
        let accepted: Vec<Accepted> =
            (0..3).flat_map(|chat| (0..2).map(move |place| accepted(chat, place))).collect();
        let shown = accepted
            .iter()
            .filter(|one| one.chat < 2)
            .zip(1..)
            .map(|(one, position)| shown(one, &chats[one.chat].to, position));
        let said = accepted.iter().map(|one| {
            let status = ["delivered", "read", "failed"][one.chat].to_owned();
            (one.id.clone(), Said { status, failure: (one.chat == 2).then(|| "not_on_whatsapp".to_owned()) })
        });
        let base = Census { ending: 0, used_bytes: 1_000_000, lasting: vec!["owner".to_owned()] };
        Self { shown: shown.collect(), said: said.collect(), end: base.clone(), base, chats, accepted }
    }

    fn judge(&self) -> Verdict {
        let Self { chats, accepted, shown, said, base, end } = self;
        judge(&Evidence { chats, accepted, shown, said, base, end, repeated: 3 })
    }
}

#[test]
fn a_sound_run_has_nothing_wrong() {
    let verdict = Case::sound().judge();
    assert_eq!((verdict.wrong(), verdict.shown_once, verdict.duplicates), (vec![], 4, 3));
}

#[test]
fn whatever_is_wrong_is_found() {
    type Wrong = fn(&mut Case);
    let table: [(&str, Wrong, &str); 12] = [
        ("a message is lost", |case| drop(case.shown.remove(0)), "lost: chat 0 message 0"),
        ("… or on another phone", |case| case.shown[0].phone = "9".to_owned(), "lost: chat 0 message 0"),
        ("… or under another id", |case| case.shown[0].id = "X".to_owned(), "lost: chat 0 message 0"),
        (
            "a message is shown twice",
            |case| case.shown.push(Shown { id: "other".to_owned(), position: 9, ..case.shown[3].clone() }),
            "shown twice: chat 1 message 1",
        ),
        (
            "a message for nobody is shown",
            |case| case.shown.push(shown(&case.accepted[4], "3", 9)),
            "shown twice: chat 2 message 0",
        ),
        (
            "something is shown that was never accepted",
            |case| {
                case.shown.push(Shown { text: Some("hi".to_owned()), position: 9, ..case.shown[0].clone() });
            },
            "shown twice: \"hi\"",
        ),
        ("two change places", |case| case.shown[0].position = 9, "out of order: chat 0 message 0"),
        (
            "a stanza is never decrypted",
            |case| case.shown.push(Shown { undecryptable: true, text: None, ..case.shown[0].clone() }),
            "never decrypted: 3EB0 chat 0 message 0",
        ),
        (
            "a read message is only delivered",
            |case| say(case, 2, "delivered"),
            "untrue status: chat 1 message 0",
        ),
        ("a shown message has failed", |case| say(case, 0, "failed"), "untrue status: chat 0 message 0"),
        ("a lane is left", |case| case.end.lasting.push("lane".to_owned()), "left in Redis: lane"),
        ("memory is left", |case| case.end.used_bytes += 2 * ROOM, "left in Redis: 3097152 bytes"),
    ];
    for (what, make, expected) in table {
        let mut case = Case::sound();
        make(&mut case);
        let wrong = case.judge().wrong();
        assert!(wrong.iter().any(|line| line.starts_with(expected)), "{what}: {wrong:?}");
    }
}

fn say(case: &mut Case, message: usize, status: &str) {
    let id = case.accepted[message].id.clone();
    case.said.insert(id, Said { status: status.to_owned(), failure: None });
}
