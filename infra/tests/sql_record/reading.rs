//! Chats, pages both ways, search and contacts.

use wagate_domain::{
    Address, ContactIds, MessageId, Timestamp, WorkspaceId,
    chats::{Chat, Muted},
    events::{Actor, ChatChange, Event, EventData, GroupChange, Target},
    messages::{Content, Direction, MediaKind, Message, Sought, Status},
    ports::{
        ChatFilter, ChatPlace, ChatQuery, Chats, ContactQuery, Contacts, MessageQuery, Messages, Projection,
    },
    sessions::SessionKey,
};
use wagate_infra::sql::Database;

use crate::{
    events::{accepted, contact, event, past, received, status},
    ports::FindOne,
    sample::{at, both, id, incoming, lid, outgoing, pn, stored_session},
};

const GROUP: &str = "120363000000000077@g.us";

fn group() -> Address {
    GROUP.parse().unwrap()
}

fn chat_event(key: SessionKey, chat: &Address, change: ChatChange, millis: i64) -> Event {
    let (chat, contact) = (chat.clone(), ContactIds::of(chat));
    event(key, millis, EventData::ChatChanged { chat, contact, change, at: at(millis) })
}

fn group_event(key: SessionKey, change: GroupChange, millis: i64) -> Event {
    event(
        key,
        millis,
        EventData::GroupChanged { group: group(), by: Actor::default(), change, at: at(millis) },
    )
}

fn says(key: SessionKey, chat: &Address, body: &str, millis: i64) -> Message {
    let text = Content::Text { body: body.to_owned() };
    Message { content: text, ..incoming(key, chat, &format!("S{}", id::<MessageId>()), millis) }
}

pub(crate) async fn chat(db: &Database, key: SessionKey, address: &Address) -> Option<Chat> {
    let filter = if address.is_person() {
        let known = Contacts::find(db, key.workspace, Some(key.id), address).await.unwrap();
        ChatFilter::Contact(known.into_iter().map(|contact| contact.id).collect())
    } else {
        ChatFilter::Address(address.clone())
    };
    Chats::get(db, key.workspace, key.id, &filter).await.unwrap()
}

pub(crate) async fn chats_count(db: &Database) {
    let key = stored_session(db).await;
    let them = pn("628201");
    let waiting = outgoing(key, &them, 5);
    db.apply(&[accepted(&waiting, 5)]).await.unwrap();
    assert_eq!(chat(db, key, &them).await, None, "what waits begins no chat");
    db.apply(&[status(key, waiting.id, Status::Failed, 6)]).await.unwrap();
    assert_eq!(chat(db, key, &them).await, None, "nor does what has failed");

    let (one, two) = (incoming(key, &them, "C1", 10), incoming(key, &them, "C2", 12));
    let events = [received(&two, None, 12), received(&one, None, 13), received(&one, None, 14)];
    db.apply(&events).await.unwrap();
    let found = chat(db, key, &them).await.unwrap();
    assert_eq!((found.unread, found.last_message, found.at), (2, Some(two.id), at(12)), "newest, each once");
    assert_eq!((found.name.as_deref(), &found.address), (Some("Budi"), &them));
    assert_eq!(chat(db, SessionKey { workspace: id(), ..key }, &them).await, None, "another tenant's");

    let reply = outgoing(key, &them, 20);
    db.apply(&[accepted(&reply, 20), status(key, reply.id, Status::Sending, 21)]).await.unwrap();
    assert_eq!(chat(db, key, &them).await.unwrap().last_message, Some(two.id));
    db.apply(&[status(key, reply.id, Status::Sent, 22)]).await.unwrap();
    let found = chat(db, key, &them).await.unwrap();
    assert_eq!((found.unread, found.last_message, found.at), (2, Some(reply.id), at(20)));

    let read = chat_event(key, &them, ChatChange::Read { on: true }, 30);
    let third = incoming(key, &them, "C3", 31);
    db.apply(&[read.clone(), received(&third, None, 31)]).await.unwrap();
    assert_eq!(chat(db, key, &them).await.unwrap().unread, 1, "what comes after is unread");
    db.apply(&[read]).await.unwrap();
    assert_eq!(chat(db, key, &them).await.unwrap().unread, 1, "told again");
    let mut echo =
        Message { direction: Direction::Out, status: Status::Sent, ..incoming(key, &them, "C4", 40) };
    echo.push_name = None;
    db.apply(&[received(&echo, None, 40)]).await.unwrap();
    let found = chat(db, key, &them).await.unwrap();
    assert_eq!((found.unread, found.last_message), (1, Some(echo.id)), "from another device");
}

pub(crate) async fn history_is_read(db: &Database) {
    let key = stored_session(db).await;
    let (old, new) = (incoming(key, &pn("628202"), "H1", 500), incoming(key, &pn("628202"), "H2", 6_000));
    db.apply(&[past(&old, 6_501), received(&new, None, 6_502)]).await.unwrap();
    let found = chat(db, key, &pn("628202")).await.unwrap();
    assert_eq!((found.unread, found.last_message), (1, Some(new.id)));
}

pub(crate) async fn chats_change(db: &Database) {
    let key = stored_session(db).await;
    let them = pn("628203");
    let later = at(90_000);
    let archived = chat_event(key, &them, ChatChange::Archived { on: true }, 1);
    db.apply(std::slice::from_ref(&archived)).await.unwrap();
    let found = chat(db, key, &them).await.unwrap();
    assert_eq!((found.archived, found.last_message, found.unread), (true, None, 0), "before any message");
    db.apply(&[
        chat_event(key, &them, ChatChange::Pinned { on: true }, 2),
        chat_event(key, &them, ChatChange::Muted { on: true, until: Some(later) }, 3),
        chat_event(key, &them, ChatChange::Read { on: false }, 4),
        chat_event(key, &them, ChatChange::Archived { on: false }, 5),
    ])
    .await
    .unwrap();
    db.apply(&[archived]).await.unwrap();
    let found = chat(db, key, &them).await.unwrap();
    assert!(found.pinned && found.marked_unread && !found.archived, "{found:?}");
    assert_eq!(found.muted, Some(Muted { until: Some(later) }));
    let stranger = chat_event(key, &pn("628204"), ChatChange::Read { on: true }, 6);
    db.apply(&[stranger, chat_event(key, &them, ChatChange::Muted { on: false, until: None }, 7)])
        .await
        .unwrap();
    assert_eq!(chat(db, key, &pn("628204")).await, None, "there is nothing to know of it");
    assert_eq!(chat(db, key, &them).await.unwrap().muted, None);

    let message = incoming(key, &them, "D1", 10);
    db.apply(&[received(&message, None, 10), chat_event(key, &them, ChatChange::Deleted {}, 11)])
        .await
        .unwrap();
    let query = ChatQuery { session: Some(key.id), limit: 9, ..ChatQuery::default() };
    assert_eq!(Chats::list(db, key.workspace, &query).await.unwrap(), [], "deleted on the phone");
    db.apply(&[received(&incoming(key, &them, "D2", 12), None, 12)]).await.unwrap();
    let listed = Chats::list(db, key.workspace, &query).await.unwrap();
    assert_eq!((listed.len(), listed[0].unread), (1, 1), "until the next message");
}

pub(crate) async fn groups_have_names(db: &Database) {
    let key = stored_session(db).await;
    let joined = GroupChange::Joined { subject: Some("Friends".to_owned()) };
    db.apply(&[group_event(key, joined, 1)]).await.unwrap();
    let found = chat(db, key, &group()).await.unwrap();
    assert_eq!((found.name.as_deref(), found.left, found.last_message), (Some("Friends"), false, None));
    let renamed = GroupChange::Subject { subject: "Best\0 friends".to_owned() };
    let said = says(key, &group(), "hi all", 3);
    let told =
        [group_event(key, renamed, 2), received(&said, None, 3), group_event(key, GroupChange::Left {}, 4)];
    db.apply(&told).await.unwrap();
    let found = chat(db, key, &group()).await.unwrap();
    assert_eq!((found.name.as_deref(), found.left), (Some("Best\u{fffd} friends"), true));
    assert_eq!((found.unread, found.last_message, found.at), (1, Some(said.id), at(3)));
    assert_eq!((found.contact_id, found.contact), (None, ContactIds::default()));
}

pub(crate) async fn chats_merge(db: &Database) {
    let key = stored_session(db).await;
    let (number, hidden) = (pn("628205"), lid("8205"));
    let (one, twin) = (incoming(key, &number, "M1", 1), incoming(key, &hidden, "M1", 2));
    let last = incoming(key, &hidden, "M2", 3);
    db.apply(&[received(&one, None, 1), chat_event(key, &number, ChatChange::Archived { on: true }, 2)])
        .await
        .unwrap();
    let told = [received(&twin, None, 2), received(&last, None, 3)];
    db.apply(&told).await.unwrap();
    db.apply(&[chat_event(key, &hidden, ChatChange::Pinned { on: true }, 4)]).await.unwrap();
    let query = ChatQuery { session: Some(key.id), limit: 9, ..ChatQuery::default() };
    assert_eq!(Chats::list(db, key.workspace, &query).await.unwrap().len(), 2);
    db.apply(&[contact(key, both("628205", "8205"), None, 5)]).await.unwrap();
    let listed = Chats::list(db, key.workspace, &query).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].unread, listed[0].last_message), (2, Some(last.id)), "the twin counts once");
    assert!(listed[0].pinned && !listed[0].archived, "what was told last counts: {listed:?}");
    assert_eq!(listed[0].contact_id, Some(db.find_one(key, &number).await.id));

    // read and merged in one batch, the other way round
    let other = stored_session(db).await;
    let (one, two) = (incoming(other, &number, "M3", 1), incoming(other, &hidden, "M4", 2));
    let three = incoming(other, &number, "M5", 9);
    db.apply(&[received(&one, None, 1), received(&two, None, 2)]).await.unwrap();
    let read = chat_event(other, &number, ChatChange::Read { on: true }, 3);
    db.apply(&[read, contact(other, both("628205", "8205"), None, 4)]).await.unwrap();
    assert_eq!(chat(db, other, &number).await.unwrap().unread, 1, "one of the two was read before");
    let read = chat_event(other, &hidden, ChatChange::Read { on: true }, 8);
    db.apply(&[read, received(&three, None, 9)]).await.unwrap();
    assert_eq!(chat(db, other, &number).await.unwrap().unread, 1);
}

pub(crate) async fn chats_in_pages(db: &Database) {
    let (first, second) = (stored_session(db).await, stored_session(db).await);
    let second = SessionKey { workspace: first.workspace, ..second };
    let mut events = Vec::new();
    for n in 0..6_i64 {
        let key = if n % 2 == 0 { first } else { second };
        // ties in time, within a session and between sessions
        events.push(received(&incoming(key, &pn(&format!("62821{n}")), "P", 10 + n / 4), None, 10 + n));
    }
    events.push(chat_event(first, &pn("628210"), ChatChange::Read { on: true }, 50));
    events.push(chat_event(first, &pn("628212"), ChatChange::Archived { on: true }, 51));
    db.apply(&events).await.unwrap();
    let list = async |query: ChatQuery| Chats::list(db, first.workspace, &query).await.unwrap();
    let all = list(ChatQuery { limit: 9, ..ChatQuery::default() }).await;
    assert_eq!(all.len(), 6);
    assert!(all.is_sorted_by_key(|chat| std::cmp::Reverse((
        chat.at,
        chat.session.to_string(),
        chat.key.clone()
    ))));
    for size in 1..4 {
        let (mut walked, mut behind) = (Vec::new(), None);
        loop {
            let page = list(ChatQuery { behind, limit: size, ..ChatQuery::default() }).await;
            let Some(last) = page.last() else { break };
            behind = Some(ChatPlace { at: last.at, session: last.session, key: last.key.clone() });
            walked.extend(page);
        }
        assert_eq!(walked, all, "pages of {size}");
    }
    let of = |test: fn(&Chat) -> bool| all.iter().filter(|chat| test(chat)).cloned().collect::<Vec<_>>();
    let query = || ChatQuery { limit: 9, ..ChatQuery::default() };
    assert_eq!(list(ChatQuery { unread: Some(true), ..query() }).await, of(|chat| chat.unread > 0));
    assert_eq!(list(ChatQuery { unread: Some(false), ..query() }).await, of(|chat| chat.unread == 0));
    assert_eq!(list(ChatQuery { archived: Some(true), ..query() }).await, of(|chat| chat.archived));
    let of_second: Vec<Chat> = all.iter().filter(|chat| chat.session == second.id).cloned().collect();
    assert_eq!(list(ChatQuery { session: Some(second.id), ..query() }).await, of_second);
    assert_eq!(Chats::list(db, id(), &query()).await.unwrap(), []);
}

pub(crate) async fn messages_both_ways(db: &Database) {
    let key = stored_session(db).await;
    let told: Vec<Message> = (0..7).map(|n| says(key, &pn("628206"), "walk", 10 + n / 3)).collect();
    let events: Vec<Event> = told.iter().map(|message| received(message, None, 20)).collect();
    db.apply(&events).await.unwrap();
    let all: Vec<(Timestamp, MessageId)> = told.iter().map(|message| (message.at, message.id)).collect();
    let list = async |query: MessageQuery| -> Vec<(Timestamp, MessageId)> {
        let query = MessageQuery { session: Some(key.id), limit: 2, ..query };
        let found = Messages::list(db, key.workspace, &query).await.unwrap();
        found.into_iter().map(|message| (message.at, message.id)).collect()
    };
    let (mut walked, mut after) = (Vec::new(), None);
    loop {
        let page = list(MessageQuery { oldest_first: true, after, ..MessageQuery::default() }).await;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        walked.extend(page);
    }
    assert_eq!(walked, all, "oldest first, through ties");
    let page = list(MessageQuery { before: Some(all[3]), ..MessageQuery::default() }).await;
    assert_eq!(page, [all[2], all[1]]);
    let span = MessageQuery { from: Some(at(11)), to: Some(at(12)), limit: 9, ..MessageQuery::default() };
    assert_eq!(list(span).await, [all[5], all[4]], "of the first moment, before the second");
    let many = [told[4].id, id(), told[0].id];
    let mut found = Messages::get_many(db, key.workspace, &many).await.unwrap();
    found.sort_by_key(|message| message.id);
    let mut ids = [told[0].id, told[4].id];
    ids.sort_unstable();
    assert_eq!(found.iter().map(|message| message.id).collect::<Vec<_>>(), ids);
    assert_eq!(Messages::get_many(db, id(), &many).await.unwrap(), []);
}

/// The bodies of what is found.
async fn found(db: &Database, workspace: WorkspaceId, text: &str, more: MessageQuery) -> Vec<String> {
    let Some(text) = Sought::read(text) else { return Vec::new() };
    let query = MessageQuery { text: Some(text), limit: 50, ..more };
    let found = Messages::list(db, workspace, &query).await.unwrap();
    found.iter().filter_map(|message| message.content.text().map(str::to_owned)).collect()
}

pub(crate) async fn search(db: &Database) {
    let key = stored_session(db).await;
    let said = [
        "Grüße aus dem Café, José",
        "the invoice is due friday",
        "friday is fine, invoice later",
        "مُحَمَّد يقول السلام عليكم",
        "see you at 5 🎉",
        "it's 100% \"done\" NEAR the end; DROP TABLE",
        "会议在星期五开始",
    ];
    let events: Vec<Event> =
        (0_i64..).zip(said).map(|(n, body)| received(&says(key, &pn("628207"), body, n), None, n)).collect();
    db.apply(&events).await.unwrap();
    let search = async |text: &str| found(db, key.workspace, text, MessageQuery::default()).await;
    for (text, expected) in [
        ("cafe jose", vec![said[0]]),
        ("CAFÉ", vec![said[0]]),
        ("grusse", vec![]),
        ("gruße", vec![said[0]]),
        ("friday invoice", vec![said[2], said[1]]),
        ("\"due friday\"", vec![said[1]]),
        ("\"friday due\"", vec![]),
        ("محمد السلام", vec![said[3]]),
        ("🎉", vec![said[4]]),
        ("星期五", vec![said[6]]),
        ("五期", vec![]),
        ("invoic", vec![]),
        ("100%", vec![said[5]]),
        ("NEAR(the end)", vec![said[5]]),
        ("invoice -friday", vec![said[2], said[1]]),
        ("words : invoice", vec![]),
        ("scope", vec![]),
    ] {
        assert_eq!(search(text).await, expected, "{text}");
    }
    for hostile in [
        "\"",
        "*",
        "'); DROP TABLE messages; --",
        "a* OR b",
        "{words}:x",
        "^x",
        "a\\",
        "\0x",
        "(",
        "x AND",
        "NOT",
        "$1 ?",
        "<-> & | !",
        "\"a\" \"",
        "w0 + w1",
    ] {
        search(hostile).await;
    }
    assert_eq!(search("friday").await.len(), 2, "everything is still there");
}

pub(crate) async fn search_is_narrowed(db: &Database) {
    let (key, other) = (stored_session(db).await, stored_session(db).await);
    let ours = says(key, &pn("628208"), "common word", 10);
    let second = SessionKey { workspace: key.workspace, id: stored_session(db).await.id };
    let elsewhere = says(second, &pn("628209"), "common thing", 20);
    let mut photo = says(key, &pn("628209"), "", 30);
    photo.content = Content::Media {
        kind: MediaKind::Image,
        media: id(),
        mime: "image/png".to_owned(),
        size: 1,
        caption: Some("a common sight".to_owned()),
        file_name: Some("Übersicht_2026.png".to_owned()),
        seconds: None,
    };
    let theirs = says(other, &pn("628208"), "common secret", 40);
    let all = [&ours, &elsewhere, &photo, &theirs].map(|message| received(message, None, 50));
    for event in all {
        db.apply(&[event]).await.unwrap();
    }
    let search = async |text: &str, more: MessageQuery| found(db, key.workspace, text, more).await;
    let none = MessageQuery::default;
    assert_eq!(search("common", none()).await, ["a common sight", "common thing", "common word"]);
    assert_eq!(search("secret", none()).await, [""; 0], "another tenant's");
    assert_eq!(search(&other.workspace.to_string()[3..], none()).await, [""; 0]);
    assert_eq!(found(db, other.workspace, "common", none()).await, ["common secret"]);
    assert_eq!(search("ubersicht", none()).await, ["a common sight"], "by the file's name");
    let query = MessageQuery { session: Some(second.id), ..none() };
    assert_eq!(search("common", query).await, ["common thing"]);
    let contact = db.find_one(key, &pn("628208")).await.id;
    let query = MessageQuery { chat: Some(ChatFilter::Contact(vec![contact])), ..none() };
    assert_eq!(search("common", query).await, ["common word"]);
    assert_eq!(
        search("common", MessageQuery { kind: Some("image".to_owned()), ..none() }).await,
        ["a common sight"]
    );
    let query = MessageQuery { from: Some(at(11)), to: Some(at(30)), ..none() };
    assert_eq!(search("common", query).await, ["common thing"]);
    let query = MessageQuery { before: Some((photo.at, photo.id)), ..none() };
    assert_eq!(search("common", query).await, ["common thing", "common word"]);
}

/// What is searched is what messages carry now.
pub(crate) async fn search_follows_changes(db: &Database) {
    let key = stored_session(db).await;
    let search = async |text: &str| found(db, key.workspace, text, MessageQuery::default()).await;
    let text = |body: &str| Content::Text { body: body.to_owned() };
    let first = Message { content: text("before it changed"), ..outgoing(key, &pn("628211"), 1) };
    let second = Message { content: text("afterwards"), revision: 1, ..first.clone() };
    let silent =
        Message { content: Content::Other { what: "poll".to_owned() }, revision: 2, ..first.clone() };
    let edited = |message: &Message, n| event(key, n, EventData::MessageEdited(Box::new(message.clone())));
    db.apply(&[accepted(&first, 1)]).await.unwrap();
    assert_eq!(search("changed").await, ["before it changed"]);
    db.apply(&[edited(&second, 2)]).await.unwrap();
    assert_eq!(search("changed").await, [""; 0]);
    assert_eq!(search("afterwards").await, ["afterwards"]);
    db.apply(&[status(key, first.id, Status::Sending, 3)]).await.unwrap();
    assert_eq!(search("afterwards").await, ["afterwards"], "a step changes no words");
    db.apply(&[accepted(&Message { id: id(), ..first.clone() }, 4)]).await.unwrap();
    assert_eq!(search("before").await, [""; 0], "the same stanza again was not stored");

    let other = Message { content: text("second one"), ..outgoing(key, &pn("628211"), 5) };
    let silent = Message { id: other.id, stanza_id: other.stanza_id.clone(), ..silent };
    db.apply(&[accepted(&other, 5), edited(&silent, 6)]).await.unwrap();
    assert_eq!(search("second").await, [""; 0], "nothing to be found any more");

    let said = says(key, &pn("628212"), "first thoughts", 20);
    let target = Target {
        chat: said.chat.clone(),
        contact: ContactIds::of(&said.chat),
        stanza_id: said.stanza_id.clone(),
        from_me: false,
    };
    let (by, at) = (Actor::default(), at(21));
    let edit = EventData::MessageUpdated {
        target: target.clone(),
        by: by.clone(),
        content: text("second thoughts"),
        at,
    };
    db.apply(&[received(&said, None, 6), event(key, 21, edit)]).await.unwrap();
    assert_eq!(search("first thoughts").await, [""; 0]);
    assert_eq!(search("second thoughts").await, ["second thoughts"], "as its writer has changed it");
    let delete = EventData::MessageDeleted { target, by, for_everyone: true, at };
    db.apply(&[event(key, 22, delete)]).await.unwrap();
    assert_eq!(search("thoughts").await, [""; 0], "taken back");

    // a merge deletes one of two twins, and its words with it
    let (one, twin) = (incoming(key, &pn("628213"), "W1", 7), incoming(key, &lid("8213"), "W1", 8));
    db.apply(&[received(&one, None, 7), received(&twin, None, 8)]).await.unwrap();
    assert_eq!(search("reply W1").await.len(), 2);
    db.apply(&[contact(key, both("628213", "8213"), None, 9)]).await.unwrap();
    assert_eq!(search("reply W1").await.len(), 1);
}

pub(crate) async fn contacts_in_pages(db: &Database) {
    let key = stored_session(db).await;
    let other = SessionKey { workspace: key.workspace, id: stored_session(db).await.id };
    let events = vec![
        contact(key, both("628221", "8221"), Some("José 100%"), 1),
        contact(key, both("628222", "8222"), Some("Ayu_Lestari"), 2),
        contact(other, both("628223", "8223"), Some("josephine"), 3),
        contact(key, ContactIds::of(&pn("628224")), None, 4),
    ];
    db.apply(&events).await.unwrap();
    let list = async |query: ContactQuery| -> Vec<String> {
        let query = ContactQuery { limit: 9, ..query };
        let found = Contacts::list(db, key.workspace, &query).await.unwrap();
        found.into_iter().filter_map(|contact| contact.ids.pn).collect()
    };
    let none = ContactQuery::default;
    let all = ["628224", "628223", "628222", "628221"];
    assert_eq!(list(none()).await, all);
    assert_eq!(list(ContactQuery { session: Some(other.id), ..none() }).await, ["628223"]);
    for (name, expected) in [
        ("jose", vec!["628223", "628221"]),
        ("0%", vec!["628221"]),
        ("u_l", vec!["628222"]),
        ("%", vec!["628221"]),
        ("\\", vec![]),
        ("'", vec![]),
    ] {
        let query = ContactQuery { name: Some(name.to_owned()), ..none() };
        assert_eq!(list(query).await, expected, "{name}");
    }
    let digits = |digits: &str| Some(digits.to_owned());
    assert_eq!(
        list(ContactQuery { digits: digits("28222"), name: digits("28222"), ..none() }).await,
        ["628222"]
    );
    assert_eq!(list(ContactQuery { digits: digits("8223"), ..none() }).await, ["628223"]);
    let second = db.find_one(other, &pn("628223")).await.id;
    assert_eq!(list(ContactQuery { behind: Some(second), ..none() }).await, all[2..]);
    assert_eq!(Contacts::list(db, id(), &ContactQuery { limit: 9, ..none() }).await.unwrap(), []);

    let younger = {
        db.apply(&[contact(key, ContactIds::of(&lid("8224")), Some("late"), 5)]).await.unwrap();
        db.find_one(key, &lid("8224")).await
    };
    db.apply(&[contact(key, both("628224", "8224"), None, 6)]).await.unwrap();
    let joined = db.find_one(key, &pn("628224")).await;
    assert_eq!(
        Contacts::get(db, key.workspace, younger.id).await.unwrap(),
        Some(joined.clone()),
        "it became"
    );
    assert_eq!(Contacts::get(db, key.workspace, joined.id).await.unwrap(), Some(joined));
    assert_eq!(Contacts::get(db, id(), younger.id).await.unwrap(), None);
    assert_eq!(list(none()).await, all, "the one that went is not listed");
}
