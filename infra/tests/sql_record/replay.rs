//! The log may be replayed, whole or in part, in batches of any size: the record is the same.

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use sea_orm::{ConnectionTrait, Statement};
use tokio::runtime::Runtime;
use wagate_domain::{
    Address, ContactIds,
    events::{Actor, ChatChange, Event, EventData, GroupChange},
    ids::{Id, ulid},
    media::{Media, MediaState},
    messages::{Direction, Message, Status},
    ports::{Projection, Sessions},
    sessions::{SessionKey, State},
};
use wagate_infra::sql::Database;
use wagate_infra::testing::ring;

use crate::{
    databases::{SqliteFile, postgres},
    sample::{at, incoming, media, outgoing, pn, session},
};

/// One thing that happens, in small numbers so that things meet.
#[derive(Debug, Clone)]
enum Step {
    Accept { person: u8, by_lid: bool },
    Receive { person: u8, stanza: u8, knows: u8, echo: bool, file: bool },
    Status { message: u8, status: Status },
    Receipt { message: u8, status: Status, pn: u8, lid: u8 },
    Settle { media: u8, state: MediaState },
    Contact { pn: Option<u8>, lid: Option<u8>, name: Option<u8> },
    State(State),
    Linked(bool),
    Chat { person: u8, by_lid: bool, what: u8, late: bool },
    GroupSays { stanza: u8 },
    Group { what: u8 },
}

fn step() -> impl Strategy<Value = (Step, i64)> {
    let status = prop::sample::select(Status::ALL.to_vec());
    let receipt = prop::sample::select(vec![Status::Delivered, Status::Read, Status::Played]);
    let settled = prop::sample::select(vec![MediaState::Ready, MediaState::Failed, MediaState::Expired]);
    let number = 0..4_u8;
    let step = prop_oneof![
        (number.clone(), any::<bool>()).prop_map(|(person, by_lid)| Step::Accept { person, by_lid }),
        (number.clone(), 0..5_u8, 0..3_u8, any::<bool>(), any::<bool>()).prop_map(
            |(person, stanza, knows, echo, file)| Step::Receive { person, stanza, knows, echo, file }
        ),
        (any::<u8>(), status).prop_map(|(message, status)| Step::Status { message, status }),
        (any::<u8>(), receipt, number.clone(), number.clone())
            .prop_map(|(message, status, pn, lid)| Step::Receipt { message, status, pn, lid }),
        (any::<u8>(), settled).prop_map(|(media, state)| Step::Settle { media, state }),
        (prop::option::of(number.clone()), prop::option::of(number), prop::option::of(0..2_u8))
            .prop_map(|(pn, lid, name)| Step::Contact { pn, lid, name }),
        prop::sample::select(State::ALL.to_vec()).prop_map(Step::State),
        any::<bool>().prop_map(Step::Linked),
        (0..4_u8, any::<bool>(), 0..9_u8, any::<bool>())
            .prop_map(|(person, by_lid, what, late)| Step::Chat { person, by_lid, what, late }),
        (0..5_u8).prop_map(|stanza| Step::GroupSays { stanza }),
        (0..4_u8).prop_map(|what| Step::Group { what }),
    ];
    (step, 0..3_i64)
}

/// Writes the log of a session. Later steps speak of messages and files that earlier ones brought.
struct Log {
    key: SessionKey,
    now: i64,
    serial: u128,
    messages: Vec<Message>,
    /// Those of `messages` that went out through us: receipts speak of these, and come after them.
    sent: Vec<Message>,
    files: Vec<Media>,
    events: Vec<Event>,
}

impl Log {
    fn write(key: SessionKey, steps: &[(Step, i64)]) -> Vec<Event> {
        let mut log = Self {
            key,
            now: 10,
            serial: 0,
            messages: Vec::new(),
            sent: Vec::new(),
            files: Vec::new(),
            events: Vec::new(),
        };
        for (step, pause) in steps {
            log.now += pause;
            if let Some(data) = log.data(step) {
                let id = log.id();
                // what waits in a connector's outbox may be older than what is written before it
                let late = i64::from(matches!(step, Step::Chat { late: true, .. })) * 2;
                log.events.push(Event {
                    id,
                    workspace: key.workspace,
                    session: key.id,
                    at: at(log.now - late),
                    data,
                });
            }
        }
        log.events
    }

    fn id<T: Id>(&mut self) -> T {
        self.serial += 1;
        // within a millisecond, ids are in no order
        T::from_ulid(ulid(at(self.now), self.serial.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    fn data(&mut self, step: &Step) -> Option<EventData> {
        Some(match step.clone() {
            Step::Accept { person, by_lid } => {
                let chat = person_at(person, by_lid);
                let mut message = outgoing(self.key, &chat, self.now);
                message.id = self.id();
                message.stanza_id = message.id.stanza_id();
                self.messages.push(message.clone());
                self.sent.push(message.clone());
                EventData::MessageAccepted(Box::new(message))
            }
            Step::Receive { person, stanza, knows, echo, file } => {
                self.receive(person, stanza, knows, echo, file)
            }
            Step::Status { message, status } => {
                let message = pick(&self.messages, message)?.id;
                EventData::MessageStatus { message, status, failure: None }
            }
            Step::Receipt { message, status, pn, lid: at_lid } => {
                let message = pick(&self.sent, message)?;
                EventData::MessageReceipt {
                    chat: message.chat.clone(),
                    contact: ContactIds { pn: Some(number(pn)), lid: Some(lid(at_lid)) },
                    stanza_ids: vec![message.stanza_id.clone()],
                    status,
                    at: at(self.now),
                }
            }
            Step::Settle { media, state } => {
                let mut media = pick(&self.files, media)?.clone();
                media.state = state;
                EventData::MediaSettled { media: Box::new(media) }
            }
            Step::Contact { pn, lid: at_lid, name } => EventData::ContactUpdated {
                contact: ContactIds { pn: pn.map(number), lid: at_lid.map(lid) },
                push_name: name.map(|name| format!("name {name}")),
            },
            Step::State(state) => EventData::SessionStatus { state, reason: None },
            Step::Linked(true) => {
                EventData::SessionLinked { pn: number(9), lid: None, push_name: Some("me".to_owned()) }
            }
            Step::Linked(false) => EventData::SessionUnlinked {},
            Step::Chat { person, by_lid, what, .. } => {
                let chat = person_at(person, by_lid);
                let change = chat_change(what, self.now);
                EventData::ChatChanged { chat, contact: ContactIds::default(), change, at: at(self.now) }
            }
            Step::GroupSays { stanza } => {
                let mut message = incoming(self.key, &group(), &format!("G{stanza}"), self.now);
                message.id = self.id();
                EventData::MessageReceived { message: Box::new(message), media: None, history: false }
            }
            Step::Group { what: 0 } => EventData::ChatChanged {
                chat: group(),
                contact: ContactIds::default(),
                change: ChatChange::Read { on: true },
                at: at(self.now),
            },
            Step::Group { what } => {
                let change = match what {
                    1 => GroupChange::Joined { subject: Some("Friends".to_owned()) },
                    2 => GroupChange::Subject { subject: format!("Friends {}", self.now) },
                    _ => GroupChange::Left {},
                };
                EventData::GroupChanged { group: group(), by: Actor::default(), change, at: at(self.now) }
            }
        })
    }

    fn receive(&mut self, person: u8, stanza: u8, knows: u8, echo: bool, file: bool) -> EventData {
        let chat = person_at(person, knows != 0);
        let mut message = incoming(self.key, &chat, &format!("S{stanza}"), self.now);
        message.id = self.id();
        if knows == 2 {
            message.contact.pn = Some(number(person));
        }
        if echo {
            message.direction = Direction::Out;
            message.status = Status::Sent;
        }
        let media = file.then(|| {
            let mut media = media(self.key.workspace, Some(self.key.id), self.now);
            (media.id, media.message) = (self.id(), Some(message.id));
            self.files.push(media.clone());
            Box::new(media)
        });
        self.messages.push(message.clone());
        EventData::MessageReceived { message: Box::new(message), media, history: stanza == 4 && person == 1 }
    }
}

fn person_at(person: u8, by_lid: bool) -> Address {
    if by_lid { Address::lid(lid(person)) } else { pn(&number(person)) }
}

fn group() -> Address {
    "120363000000000001@g.us".parse().unwrap()
}

fn chat_change(what: u8, now: i64) -> ChatChange {
    match what {
        0 | 1 => ChatChange::Read { on: what == 0 },
        2 | 3 => ChatChange::Archived { on: what == 2 },
        4 => ChatChange::Pinned { on: true },
        5 | 6 => ChatChange::Muted { on: what == 5, until: Some(at(now + 1_000)) },
        7 => ChatChange::Cleared {},
        _ => ChatChange::Deleted {},
    }
}

fn number(n: u8) -> String {
    format!("62810{n}")
}

fn lid(n: u8) -> String {
    format!("990{n}")
}

fn pick<T>(from: &[T], at: u8) -> Option<&T> {
    from.get(usize::from(at) % from.len().max(1))
}

fn json(events: &[Event]) -> String {
    events.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect()
}

/// Everything the projection writes, as text.
async fn dump(url: &str) -> Vec<String> {
    let db = sea_orm::Database::connect(url).await.expect("a connection");
    let mut lines = Vec::new();
    for (table, columns) in [
        ("contacts", "id, session_id, pn, lid, push_name, merged_into, updated_at"),
        (
            "messages",
            "id, session_id, direction, chat, chat_key, stanza_id, status, failure, times, push_name, at, unread, \
             past",
        ),
        (
            "chats",
            "session_id, chat_key, chat, name, at, last_message_id, unread, marked_unread, archived, pinned, muted, \
             muted_until, deleted, left_group",
        ),
        ("media", "id, session_id, message_id, state, size, sha256"),
        ("events", "id, session_id, type, chat, at"),
        ("sessions", "id, state, reason, pn, lid, push_name, updated_at"),
        ("projection_marks", "session_id, at"),
    ] {
        let texts: Vec<String> =
            columns.split(", ").map(|column| format!("COALESCE(CAST({column} AS TEXT), '-')")).collect();
        let sql = format!("SELECT {} AS line FROM {table} ORDER BY 1", texts.join(" || '|' || "));
        let rows =
            db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("rows");
        lines.extend(
            rows.iter().map(|row| format!("{table}: {}", row.try_get::<String>("", "line").unwrap())),
        );
    }
    db.close().await.expect("a closed connection");
    lines
}

async fn told(db: &Database, events: &[Event], batch: usize) {
    for batch in events.chunks(batch.max(1)) {
        db.apply(batch).await.expect("applied events");
    }
}

/// Tells the log once; then again in other batches and in part; then, elsewhere, all at once.
async fn check(
    urls: [&str; 2],
    steps: &[(Step, i64)],
    batch: usize,
    part: (usize, usize),
) -> Result<(), TestCaseError> {
    let (db, other) =
        (Database::open(urls[0], &ring()).await.unwrap(), Database::open(urls[1], &ring()).await.unwrap());
    let stored = session(crate::sample::id());
    for db in [&db, &other] {
        db.migrate().await.unwrap();
        Sessions::insert(db, &stored).await.unwrap();
    }
    let events = Log::write(stored.key(), steps);
    told(&db, &events, batch).await;
    let once = dump(urls[0]).await;
    check_chats(&once)?;
    let (start, end) = (part.0 % (events.len() + 1), part.1 % (events.len() + 1));
    told(&db, &events[start.min(end)..start.max(end)], 3).await;
    prop_assert_eq!(&dump(urls[0]).await, &once, "a part again: {}", json(&events));
    told(&db, &events, batch + 1).await;
    prop_assert_eq!(&dump(urls[0]).await, &once, "all again: {}", json(&events));
    told(&other, &events, events.len()).await;
    // a contact that is made and changed in one batch was told of with what made it
    let stands = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|line| !line.starts_with("events: ")).collect()
    };
    prop_assert_eq!(stands(dump(urls[1]).await), stands(once), "in one batch: {}", json(&events));
    db.close().await.unwrap();
    other.close().await.unwrap();
    Ok(())
}

/// Every message with a person is in the chat of a contact that was not merged away, once.
fn check_chats(dump: &[String]) -> Result<(), TestCaseError> {
    let fields = |prefix: &str| -> Vec<Vec<String>> {
        let lines = dump.iter().filter_map(|line| line.strip_prefix(prefix));
        lines.map(|line| line.split('|').map(str::to_owned).collect()).collect()
    };
    let contacts = fields("contacts: ");
    let mut places = std::collections::HashSet::new();
    for message in fields("messages: ") {
        let contact = contacts.iter().find(|contact| contact[0] == message[4]);
        let in_chat = contact.is_some_and(|contact| contact[5] == "-") || message[4].ends_with("@g.us");
        prop_assert!(in_chat, "{message:?} in {contact:?}");
        let place = (message[2].clone(), message[4].clone(), message[5].clone());
        prop_assert!(places.insert(place), "{message:?} twice");
    }
    check_counts(&fields("messages: "), &fields("chats: "))
}

/// Last message and unread count of every chat are what its messages say.
fn check_counts(messages: &[Vec<String>], chats: &[Vec<String>]) -> Result<(), TestCaseError> {
    let in_whatsapp = ["sent", "delivered", "read", "played", "received"];
    let mut standing = 0;
    for chat in chats {
        let here = messages.iter().filter(|message| message[4] == chat[1]);
        let stand: Vec<_> = here.filter(|message| in_whatsapp.contains(&message[6].as_str())).collect();
        standing += stand.len();
        let last = stand.iter().map(|message| (message[10].parse::<i64>().unwrap(), &message[0])).max();
        let shown = (chat[5] != "-").then(|| (chat[4].parse::<i64>().unwrap(), &chat[5]));
        prop_assert_eq!(shown, last, "{:?}", chat);
        let unread = stand.iter().filter(|message| ["1", "true"].contains(&message[11].as_str())).count();
        prop_assert_eq!(&chat[6], &unread.to_string(), "{:?}", chat);
    }
    let all = messages.iter().filter(|message| in_whatsapp.contains(&message[6].as_str())).count();
    prop_assert_eq!(standing, all, "every message that stands is in a chat");
    Ok(())
}

fn run(cases: u32, check_one: impl Fn(&[(Step, i64)], usize, (usize, usize)) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let input = (vec(step(), 1..40), 1..9_usize, any::<(usize, usize)>());
    let outcome = TestRunner::new(config).run(&input, |(steps, batch, part)| check_one(&steps, batch, part));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn a_replay_changes_nothing_on_sqlite() {
    let runtime = Runtime::new().unwrap();
    run(40, |steps, batch, part| {
        let (one, two) = (SqliteFile::new(), SqliteFile::new());
        runtime.block_on(check([&one.url(), &two.url()], steps, batch, part))
    });
}

#[test]
fn a_replay_changes_nothing_on_postgresql() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(postgres());
    run(6, |steps, batch, part| {
        runtime.block_on(async {
            let (one, two) = (server.database().await, server.database().await);
            check([&one, &two], steps, batch, part).await
        })
    });
}
