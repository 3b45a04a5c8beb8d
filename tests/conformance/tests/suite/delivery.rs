//! That messages come: later, in order, once, again when they could not be opened.

use std::sync::Arc;

use wagate_conformance::{Command, Event, Kind, Reached, Stage, What};
use wagate_sandbox::faults::Effect;
use wagate_sandbox::phones::{Direction, Outgoing, Status};
use wagate_sandbox::trace::{Direction as Way, EventFilter, EventKind, StanzaSummary};

use crate::{ALICE, BOB, CAROL, eventually, on_next_message};

scenarios! {
    /// Delivered and read come back to the sender.
    receipts: pairs;
    /// What was sent while the other was away arrives in order and once.
    waiting: pairs;
    /// Two devices of one account: what one sends, the other shows as its own; both get what comes.
    own_devices: pairs;
    /// A simulated phone and the client write to each other; receipts both ways.
    with_a_phone: each;
    /// A client that has lost its Signal session asks again and gets the message.
    lost_session: pairs;
    /// A message damaged on its way to a phone, and one to the client: each is asked for again and comes.
    damaged: each;
    /// A LID written as a phone number's JID is taken for the LID.
    lid_as_number: [b6] because "others do not write so";
    /// Who is on WhatsApp, and under which LID.
    on_whatsapp: each;
}

async fn receipts(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let id = a.send(&b.person.pn(), "read me").await;
    b.gets(&id).await;
    // Baileys joins news that it holds back, the last one wins: both of Bob's devices have theirs before he reads
    eventually("both receipts", || async { (receipts_out(stage, &id) == 2).then_some(()) }).await;
    a.reaches(&id, Reached::Delivered).await;
    let unread =
        |event: &Event| matches!(event, Event::Receipt { reached, .. } if *reached > Reached::Delivered);
    assert!(!a.events().iter().any(unread), "nobody has read it yet");
    b.ask(Command::Read { ids: vec![id.clone()] }).await;
    a.reaches(&id, Reached::Read).await;
}

/// How many receipts of a message the network has handed on to Alice's client.
fn receipts_out(stage: &Stage, id: &str) -> usize {
    let at_alice = EventFilter {
        number: ALICE.parse().ok(),
        device: Some(1),
        kinds: vec![EventKind::Stanza],
        ..EventFilter::default()
    };
    let events = stage.sandbox().trace().events(0, &at_alice, usize::MAX).items;
    let is_receipt = |stanza: &StanzaSummary| stanza.tag == "receipt" && stanza.id.as_deref() == Some(id);
    let receipt = |event: &&Arc<wagate_sandbox::trace::Event>| {
        event.direction == Some(Way::Out) && event.stanza.as_deref().is_some_and(is_receipt)
    };
    events.iter().filter(receipt).count()
}

async fn waiting(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let first = a.send(&b.person.pn(), "before").await;
    b.gets(&first).await;
    a.reaches(&first, Reached::Delivered).await;
    b.ask(Command::Close).await;
    let before = b.so_far();
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(a.send(&b.person.pn(), format!("away {n}").as_str()).await);
    }
    b.ask(Command::Open).await;
    b.gets(&ids[19]).await;
    let shown: Vec<String> = b.events()[before..]
        .iter()
        .filter_map(|event| match event {
            Event::Message(message) => Some(message.id.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(shown, ids);
    for id in &ids {
        a.reaches(id, Reached::Delivered).await;
    }
}

async fn own_devices(stage: &Stage, kinds: [Kind; 2]) {
    let alice = stage.person(ALICE, "Alice").await;
    let laptop = stage.linked(kinds[0], &alice).await;
    let tablet = stage.linked(kinds[1], &alice).await;
    let bob = stage.person(BOB, "Bob").await;
    let id = laptop.send(&bob.pn(), "from the laptop").await;
    let copy = tablet.gets(&id).await;
    assert!(copy.from_me && bob.is(&copy.chat), "{copy:?}");
    assert_eq!(copy.said(), "from the laptop".into());
    let phones = stage.sandbox().phones();
    let own = eventually("copy on the own phone", || async { phones.message(ALICE, &id).await.ok() }).await;
    assert_eq!(own.direction, Direction::Out);

    let answer = Outgoing { to: ALICE.into(), text: Some("to both".into()), ..Outgoing::default() };
    let answer = phones.send(BOB, answer).await.expect("sent");
    for device in [&laptop, &tablet] {
        let message = device.gets(&answer.id).await;
        assert!(!message.from_me && bob.is(&message.sender), "{message:?}");
        assert_eq!(message.said(), "to both".into());
    }

    let by_hand = Outgoing { to: BOB.into(), text: Some("from the phone".into()), ..Outgoing::default() };
    let by_hand = phones.send(ALICE, by_hand).await.expect("sent");
    for device in [&laptop, &tablet] {
        let message = device.gets(&by_hand.id).await;
        assert!(message.from_me && bob.is(&message.chat), "{message:?}");
        assert_eq!(message.said(), "from the phone".into());
    }
}

async fn with_a_phone(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let carol = stage.person(CAROL, "Carol").await;
    let client = stage.linked(kind, &alice).await;
    let phones = stage.sandbox().phones();
    let id = client.send(&carol.pn(), "hello phone").await;
    let shown = eventually("the text on the phone", || async { phones.message(CAROL, &id).await.ok() }).await;
    assert_eq!((shown.text.as_deref(), shown.undecryptable), (Some("hello phone"), false));
    client.reaches(&id, Reached::Delivered).await;
    phones.read_chat(CAROL, ALICE).await.expect("read");
    client.reaches(&id, Reached::Read).await;

    let outgoing = Outgoing { to: ALICE.into(), text: Some("hello client".into()), ..Outgoing::default() };
    let sent = phones.send(CAROL, outgoing).await.expect("sent");
    let message = client.gets(&sent.id).await;
    assert_eq!((message.said(), message.name.as_deref()), ("hello client".into(), Some("Carol")));
    for status in [Status::Delivered, Status::Read] {
        eventually("the phone sees how far it came", || async {
            (phones.message(CAROL, &sent.id).await.ok()?.status >= status).then_some(())
        })
        .await;
        client.ask(Command::Read { ids: vec![sent.id.clone()] }).await;
    }
}

async fn lost_session(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let first = a.send(&b.person.pn(), "first").await;
    b.gets(&first).await;
    // an answer ends the sender's pre-key phase: from now on only the ratchet can open its messages
    let answer = b.send(&a.person.pn(), "noted").await;
    a.gets(&answer).await;
    b.ask(Command::ForgetSessions { who: vec![a.person.pn(), a.person.lid()] }).await;
    let second = a.send(&b.person.pn(), "second").await;
    assert_eq!(b.gets(&second).await.said(), "second".into());
    a.reaches(&second, Reached::Delivered).await;
    let third = a.send(&b.person.pn(), "third").await;
    assert_eq!(b.gets(&third).await.said(), "third".into());
}

async fn damaged(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let carol = stage.person(CAROL, "Carol").await;
    let client = stage.linked(kind, &alice).await;
    let phones = stage.sandbox().phones();
    for (number, device) in [(CAROL, 0), (ALICE, 1)] {
        let fault = on_next_message(number, device, Effect::DamageEnc);
        stage.sandbox().faults().add(fault).expect("a fault");
    }
    let id = client.send(&carol.pn(), "to the phone").await;
    let readable =
        || async { phones.message(CAROL, &id).await.ok().filter(|message| !message.undecryptable) };
    let shown = eventually("the text on the phone", readable).await;
    assert_eq!(shown.text.as_deref(), Some("to the phone"));
    let outgoing = Outgoing { to: ALICE.into(), text: Some("to the client".into()), ..Outgoing::default() };
    let sent = phones.send(CAROL, outgoing).await.expect("sent");
    client.shows(&What::Text { body: "to the client".into() }).await;
    assert_eq!(client.gets(&sent.id).await.said(), "to the client".into());
    assert!(stage.sandbox().faults().list().iter().all(|fault| fault.applied == 1), "both were damaged");
}

async fn lid_as_number(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let carol = stage.person(CAROL, "Carol").await;
    let client = stage.linked(kind, &alice).await;
    let phones = stage.sandbox().phones();
    let before = phones.list("", 100).await.expect("phones").items.len();
    let id = client.send(&format!("{}@s.whatsapp.net", carol.lid_number), "to your LID").await;
    eventually("the text on the phone", || async { phones.message(CAROL, &id).await.ok() }).await;
    let after = phones.list("", 100).await.expect("phones").items.len();
    assert_eq!(before, after, "nobody was made");
}

async fn on_whatsapp(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let carol = stage.person(CAROL, "Carol").await;
    let client = stage.linked(kind, &alice).await;
    let found = client.ask(Command::OnWhatsApp { numbers: vec![CAROL.to_owned()] }).await;
    let [one] = found["found"].as_array().expect("a list").as_slice() else { panic!("{found}") };
    assert_eq!(one["jid"], carol.pn(), "{found}");
}
