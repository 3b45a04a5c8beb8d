//! Every kind of message: what one client sends is what the other shows.

use wagate_conformance::{Card, Client, Command, Kind, Reached, Said, Stage, What};

scenarios! {
    /// Text, an answer with its quote, a mention, a link with its preview; and back.
    words: pairs;
    /// Image, video, GIF, video note, audio, voice, document, sticker: fetched and compared byte by byte.
    files: pairs;
    /// A location, one contact card, two contact cards.
    places_and_cards: pairs;
    /// A reaction and its removal, an edit, a pin and its removal, a deletion for everyone.
    changes: pairs;
    /// Forwarded, seen once, disappearing.
    manners: pairs;
    /// Polls for one choice and for several.
    polls: pairs;
    /// Votes are counted by the client that made the poll.
    votes: [b7_ours b6_ours] because "Baileys cannot vote";
    /// A live location, and where it has moved to since.
    live_locations: [ours_b7 ours_b6] because "Baileys cannot send live locations";
    /// An event.
    events: [ours_b7 b7_ours ours_b6 b7_b6] because "Baileys 6 cannot send events";
    /// An invitation to a group, as a message.
    invitations: pairs;
}

/// Sends, and compares what the other shows with what was said.
async fn arrives(from: &Client, to: &Client, said: Said) -> String {
    let id = from.send(&to.person.pn(), said.clone()).await;
    let message = to.gets(&id).await;
    assert_eq!(message.said(), said, "{message:?}");
    assert!(from.person.is(&message.sender) && from.person.is(&message.chat), "{message:?}");
    assert_eq!(message.name.as_deref(), Some(from.person.name.as_str()), "{message:?}");
    id
}

/// The same for what some libraries send without telling its id.
async fn nameless(from: &Client, to: &Client, what: What) {
    from.ask(Command::Send { to: to.person.pn(), said: what.clone().into() }).await;
    let message = to.shows(&what).await;
    assert!(from.person.is(&message.sender), "{message:?}");
}

async fn words(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let id = arrives(&a, &b, "hello".into()).await;
    a.reaches(&id, Reached::Delivered).await;
    arrives(&b, &a, Said::from("an answer").answering(&id)).await;
    arrives(&a, &b, Said::from("a mention").mentioning(&b.person.pn())).await;
    let (url, title) = ("https://example.com/page".to_owned(), "A page".to_owned());
    let link = What::Link { body: format!("see {url}"), url, title, description: "About it".to_owned() };
    arrives(&a, &b, link.into()).await;
}

async fn files(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let bytes = |seed: u8, size: u32| (0..size).map(|n| (n % 251) as u8 ^ seed).collect::<Vec<u8>>();
    let file = |mimetype: &str, seed: u8| stage.file(mimetype, &bytes(seed, 20_000));
    let caption = "a caption".to_owned();
    let name = "report.pdf".to_owned();
    for what in [
        What::Image { file: file("image/jpeg", 1), caption: caption.clone() },
        What::Video { file: file("video/mp4", 2), caption: caption.clone(), gif: false },
        What::Video { file: file("video/mp4", 3), caption: String::new(), gif: true },
        What::VideoNote { file: file("video/mp4", 4) },
        What::Audio { file: file("audio/mp4", 5), voice: false, seconds: 7 },
        What::Audio { file: file("audio/ogg; codecs=opus", 6), voice: true, seconds: 3 },
        What::Document { file: file("application/pdf", 7), name: name.clone(), caption: String::new() },
        What::Document { file: file("application/pdf", 8), name, caption },
        What::Sticker { file: file("image/webp", 9), animated: false },
    ] {
        let id = arrives(&a, &b, what.clone().into()).await;
        let (What::Image { file, .. }
        | What::Video { file, .. }
        | What::VideoNote { file }
        | What::Audio { file, .. }
        | What::Document { file, .. }
        | What::Sticker { file, .. }) = what
        else {
            continue;
        };
        let got = b.ask(Command::Download { id }).await;
        assert_eq!(
            (got["sha256"].as_str(), got["size"].as_u64()),
            (Some(file.sha256.as_str()), Some(file.size))
        );
    }
}

async fn places_and_cards(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let (latitude, longitude) = (-6.2088, 106.8456);
    let (name, address) = ("Monas".to_owned(), "Jakarta".to_owned());
    arrives(&a, &b, What::Location { latitude, longitude, name, address }.into()).await;
    let card = |name: &str| Card {
        name: name.to_owned(),
        vcard: format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;waid=6281:+62 81\nEND:VCARD"),
    };
    arrives(&a, &b, What::Contacts { cards: vec![card("Ayu")] }.into()).await;
    arrives(&a, &b, What::Contacts { cards: vec![card("Ayu"), card("Budi")] }.into()).await;
}

async fn live_locations(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    for (sequence, longitude) in [(1, 106.8456), (2, 106.8461)] {
        let caption = "on my way".to_owned();
        arrives(&a, &b, What::LiveLocation { latitude: -6.2088, longitude, caption, sequence }.into()).await;
    }
}

async fn changes(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let id = arrives(&a, &b, "change me".into()).await;
    arrives(&b, &a, What::Reaction { to: id.clone(), emoji: "👍".to_owned() }.into()).await;
    arrives(&b, &a, What::Reaction { to: id.clone(), emoji: String::new() }.into()).await;
    for what in [
        What::Edit { of: id.clone(), body: "changed".to_owned() },
        What::Pin { of: id.clone(), pinned: true },
        What::Pin { of: id.clone(), pinned: false },
        What::Revoke { of: id },
    ] {
        nameless(&a, &b, what).await;
    }
}

async fn manners(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    arrives(&a, &b, Said { forwarded: true, ..Said::from("passed on") }).await;
    let file = stage.file("image/jpeg", b"look once");
    let image = What::Image { file, caption: String::new() };
    arrives(&a, &b, Said { view_once: true, ..Said::from(image) }).await;
    nameless(&a, &b, What::Disappearing { seconds: 86_400 }).await;
    arrives(&a, &b, Said { expires: Some(86_400), ..Said::from("gone tomorrow") }).await;
}

fn poll(selectable: u32) -> What {
    let options = ["tea", "coffee", "water"].map(str::to_owned).to_vec();
    What::Poll { name: "Drinks?".to_owned(), options, selectable }
}

async fn polls(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    arrives(&a, &b, poll(1).into()).await;
    arrives(&a, &b, poll(3).into()).await;
}

async fn votes(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let poll = arrives(&a, &b, poll(3).into()).await;
    for (options, counted) in [(&["tea", "water"][..], [1, 0, 1]), (&["coffee"][..], [0, 1, 0])] {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let vote = b.ask(Command::Vote { poll: poll.clone(), options }).await;
        a.gets(vote["id"].as_str().expect("an id")).await;
        let tally = a.ask(Command::Tally { poll: poll.clone() }).await;
        let voters =
            ["tea", "coffee", "water"].map(|option| tally["options"][option].as_array().map_or(0, Vec::len));
        assert_eq!(voters, counted, "{tally}");
    }
}

async fn events(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let (name, description) = ("Party".to_owned(), "Bring cake".to_owned());
    arrives(&a, &b, What::Event { name, description, start: 1_900_000_000 }.into()).await;
}

async fn invitations(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let invite = What::Invite {
        group: "120363000000000001@g.us".to_owned(),
        code: "AbCdEfGhIjKlMnOp".to_owned(),
        name: "Climbers".to_owned(),
        caption: "Join us".to_owned(),
        until: 1_900_000_000,
    };
    arrives(&a, &b, invite.into()).await;
}
