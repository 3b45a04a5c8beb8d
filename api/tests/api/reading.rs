//! Reading what is on record: chats, messages both ways, contacts, files.

use reqwest::Method;
use serde_json::{Value, json};
use wagate_domain::{
    Address, ContactIds, MessageId, Timestamp,
    events::{Actor, ChatChange, EventData, GroupChange},
    ids::Id,
    media::{Media, MediaState},
    messages::{Content, Direction, MediaKind, Message, Priority, Status, Times},
    sessions::{Command, CommandReply, SessionKey},
};

use crate::stack::{Answer, Stack, send};

pub(crate) const AYU: &str = "6281234567890";
pub(crate) const BUDI: &str = "6281234567891";
pub(crate) const GROUP: &str = "120363000000000001@g.us";

/// A message that came in.
fn message(stack: &Stack, session: SessionKey, chat: &str, content: Content, at: Timestamp) -> Message {
    let id = stack.env.new_id::<MessageId>();
    let mut times = Times::default();
    times.note(Status::Received, at);
    let chat: Address = chat.parse().unwrap();
    Message {
        id,
        workspace: session.workspace,
        session: session.id,
        direction: Direction::In,
        contact: ContactIds::of(&chat),
        push_name: chat.is_person().then(|| "Ayu Léstari".to_owned()),
        chat,
        contact_id: None,
        stanza_id: format!("S{}", id.ulid()),
        content,
        quote: None,
        mentions: vec![],
        offline: false,
        priority: Priority::default(),
        status: Status::Received,
        failure: None,
        times,
        expires_at: None,
        send_at: None,
        campaign: None,
        revision: 0,
        sender: None,
        at,
    }
}

/// Lets a text come in, as the connector does.
pub(crate) async fn says(
    stack: &Stack,
    session: SessionKey,
    chat: &str,
    body: &str,
    at: Timestamp,
) -> Message {
    let text = Content::Text { body: body.to_owned() };
    let message = message(stack, session, chat, text, at);
    let data = EventData::MessageReceived { message: Box::new(message.clone()), media: None, history: false };
    stack.tell(session, data).await;
    message
}

async fn change(stack: &Stack, session: SessionKey, chat: &str, change: ChatChange) {
    let chat: Address = chat.parse().unwrap();
    let (contact, at) = (ContactIds::of(&chat), stack.env.now());
    stack.tell(session, EventData::ChatChanged { chat, contact, change, at }).await;
}

async fn group(stack: &Stack, session: SessionKey, change: GroupChange) {
    let (group, at) = (GROUP.parse().unwrap(), stack.env.now());
    stack.tell(session, EventData::GroupChanged { group, by: Actor::default(), change, at }).await;
}

fn column<'a>(page: &'a Value, list: &str, field: &str) -> Vec<&'a str> {
    page[list].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap()).collect()
}

pub(crate) fn bodies(page: &Value) -> Vec<String> {
    let messages = page["messages"].as_array().unwrap().iter();
    messages.map(|message| message["text"]["body"].as_str().unwrap().to_owned()).collect()
}

pub(crate) const fn moment(n: i64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000 + n)
}

/// A request of another workspace.
pub(crate) async fn as_stranger(stack: &Stack, path: &str) -> Answer {
    let key = stack.stranger().await;
    send(stack.bare(Method::GET, path).bearer_auth(key)).await
}

#[tokio::test]
async fn chats_show_what_is_unread_and_what_was_said_last() {
    let stack = Stack::start().await;
    let ((session, key), (other, second)) = (stack.session().await, stack.session().await);
    says(&stack, key, AYU, "one", moment(1)).await;
    let last = says(&stack, key, AYU, "two", moment(2)).await;
    group(&stack, key, GroupChange::Joined { subject: Some("Friends".to_owned()) }).await;
    says(&stack, key, GROUP, "hi all", moment(3)).await;
    says(&stack, second, BUDI, "from elsewhere", moment(4)).await;
    change(&stack, key, AYU, ChatChange::Archived { on: true }).await;

    let page = stack.get("/api/v1/chats").await.expect(200);
    assert_eq!(
        column(&page, "chats", "chat"),
        [format!("{BUDI}@s.whatsapp.net"), GROUP.to_owned(), format!("{AYU}@s.whatsapp.net")]
    );
    assert_eq!(column(&page, "chats", "name"), ["Ayu Léstari", "Friends", "Ayu Léstari"]);
    let chat = &page["chats"][2];
    assert_eq!((&chat["unread"], &chat["archived"]), (&json!(2), &json!(true)));
    assert_eq!(chat["last_message"]["id"], last.id.to_string());
    assert_eq!((&chat["contact"]["pn"], &chat["session"]), (&json!(AYU), &json!(session)));
    for (query, count) in [
        (format!("session={other}"), 1),
        ("archived=true".to_owned(), 1),
        ("archived=false".to_owned(), 2),
        ("unread=true".to_owned(), 3),
        ("unread=false&archived=true".to_owned(), 0),
    ] {
        let page = stack.get(&format!("/api/v1/chats?{query}")).await.expect(200);
        assert_eq!(page["chats"].as_array().unwrap().len(), count, "{query}");
    }
    let mut walked = Vec::new();
    let mut path = "/api/v1/chats?limit=1".to_owned();
    while walked.len() < 9 {
        let part = stack.get(&path).await.expect(200);
        walked.extend(part["chats"].as_array().unwrap().clone());
        let Some(cursor) = part["next_cursor"].as_str() else { break };
        path = format!("/api/v1/chats?limit=1&cursor={cursor}");
    }
    assert_eq!(&walked, page["chats"].as_array().unwrap());
    for (query, field) in
        [("limit=201", "limit"), ("cursor=x", "cursor"), ("session=1", "session"), ("unread=2", "unread")]
    {
        let refused = stack.get(&format!("/api/v1/chats?{query}")).await;
        assert_eq!(refused.problem(422, "validation_failed")["field"], field, "{query}");
    }
}

#[tokio::test]
async fn one_chat_is_found_by_every_address_and_by_its_own_only() {
    let stack = Stack::start().await;
    let ((session, key), (other, _)) = (stack.session().await, stack.session().await);
    says(&stack, key, AYU, "hello", moment(1)).await;
    let both = ContactIds { pn: Some(AYU.to_owned()), lid: Some("123456".to_owned()) };
    stack.tell(key, EventData::ContactUpdated { contact: both, push_name: None }).await;
    let until = stack.env.now().plus(std::time::Duration::from_hours(1));
    change(&stack, key, AYU, ChatChange::Muted { on: true, until: Some(until) }).await;
    let path = |chat: &str| format!("/api/v1/chats/{session}/{chat}");
    let first = stack.get(&path(AYU)).await.expect(200);
    assert_eq!((&first["muted"], &first["muted_until"]), (&json!(true), &json!(until.to_string())));
    let contact = first["contact"]["id"].as_str().unwrap();
    for chat in [&format!("+{AYU}"), &format!("{AYU}@s.whatsapp.net"), "123456@lid", contact] {
        assert_eq!(stack.get(&path(chat)).await.expect(200), first, "{chat}");
    }
    change(&stack, key, AYU, ChatChange::Muted { on: true, until: Some(moment(0)) }).await;
    assert_eq!(stack.get(&path(AYU)).await.expect(200)["muted"], false, "it has ended by itself");
    assert_eq!(stack.get(&path("someone")).await.problem(422, "validation_failed")["field"], "chat");
    stack.get(&path(BUDI)).await.problem(404, "chat_not_found");
    stack.get(&format!("/api/v1/chats/{other}/{AYU}")).await.problem(404, "chat_not_found");
    stack.get(&format!("/api/v1/chats/nonsense/{AYU}")).await.problem(404, "chat_not_found");
    for chat in [AYU, contact] {
        as_stranger(&stack, &path(chat)).await.problem(404, "chat_not_found");
    }
    assert_eq!(as_stranger(&stack, "/api/v1/chats").await.expect(200)["chats"], json!([]));
    send(stack.bare(Method::GET, &path(AYU))).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn marking_a_chat_as_read_brings_its_unread_count_down() {
    let stack = Stack::start().await;
    let (session, key) = stack.linked_session().await;
    let now = stack.env.now().plus(std::time::Duration::from_secs(1));
    says(&stack, key, AYU, "one", now).await;
    says(&stack, key, BUDI, "two", now).await;
    let path = format!("/api/v1/sessions/{session}/chats/{AYU}/read");
    let everything = json!({});
    let (answer, command) =
        tokio::join!(stack.post(&path, &everything), stack.answer(key, CommandReply::Done));
    answer.expect(200);
    // what the owner writes into the log before it answers
    let Command::MarkRead { chat, .. } = command else { panic!("{command:?}") };
    change(&stack, key, &chat, ChatChange::Read { on: true }).await;
    let page = stack.get("/api/v1/chats?unread=true").await.expect(200);
    assert_eq!(column(&page, "chats", "chat"), [format!("{BUDI}@s.whatsapp.net")]);
    assert_eq!(stack.get(&format!("/api/v1/chats/{session}/{AYU}")).await.expect(200)["unread"], 0);
}

#[tokio::test]
async fn messages_are_walked_both_ways_while_others_come_in() {
    let stack = Stack::start().await;
    let (session, key) = stack.session().await;
    for n in 0..6 {
        // ties in time
        says(&stack, key, AYU, &n.to_string(), moment(n / 4)).await;
    }
    let get = async |query: &str| {
        stack.get(&format!("/api/v1/messages?session={session}&chat={AYU}&limit=2{query}")).await.expect(200)
    };
    let cursor = |page: &Value, name: &str| format!("&cursor={}", page[name].as_str().unwrap());
    let first = get("").await;
    assert_eq!(bodies(&first), ["5", "4"]);
    says(&stack, key, AYU, "6", moment(10)).await;
    let second = get(&cursor(&first, "next_cursor")).await;
    assert_eq!(bodies(&second), ["3", "2"], "what has come in between moves nothing");
    let back = get(&cursor(&second, "prev_cursor")).await;
    assert_eq!(bodies(&back), ["5", "4"]);
    assert_eq!(bodies(&get(&cursor(&back, "next_cursor")).await), ["3", "2"]);
    let third = get(&cursor(&second, "next_cursor")).await;
    assert_eq!((bodies(&third), &third["next_cursor"]), (vec!["1".to_owned(), "0".to_owned()], &Value::Null));

    let news = get(&cursor(&first, "prev_cursor")).await;
    assert_eq!(bodies(&news), ["6"], "from the first page back to what came in");
    let none = get(&cursor(&news, "prev_cursor")).await;
    assert_eq!(none["messages"], json!([]));
    says(&stack, key, AYU, "7", moment(11)).await;
    assert_eq!(bodies(&get(&cursor(&none, "prev_cursor")).await), ["7"], "the cursor still leads on");

    let mut walked = Vec::new();
    let mut query = "&order=asc".to_owned();
    while walked.len() < 20 {
        let page = get(&query).await;
        walked.extend(bodies(&page));
        if page["next_cursor"].is_null() {
            break;
        }
        query = format!("&order=asc{}", cursor(&page, "next_cursor"));
    }
    assert_eq!(walked, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    let last = get(&query).await;
    assert_eq!(bodies(&get(&format!("&order=asc{}", cursor(&last, "prev_cursor"))).await), ["4", "5"]);
    for (query, field) in [("&order=up", "order"), ("&cursor=1.back", "cursor"), ("&cursor=.back", "cursor")]
    {
        let path = format!("/api/v1/messages?limit=2{query}");
        assert_eq!(stack.get(&path).await.problem(422, "validation_failed")["field"], field, "{query}");
    }
}

#[tokio::test]
async fn contacts_are_listed_found_and_followed() {
    let stack = Stack::start().await;
    let (session, key) = stack.session().await;
    says(&stack, key, AYU, "hello", moment(1)).await;
    let learn = async |pn: Option<&str>, lid: Option<&str>, name: Option<&str>| {
        let contact = ContactIds { pn: pn.map(str::to_owned), lid: lid.map(str::to_owned) };
        let data = EventData::ContactUpdated { contact, push_name: name.map(str::to_owned) };
        stack.tell(key, data).await;
        stack.next_moment().await;
    };
    stack.next_moment().await;
    learn(None, Some("777"), Some("Somebody")).await;
    learn(Some(BUDI), None, Some("Budi 100%")).await;
    let list = async |query: &str| stack.get(&format!("/api/v1/contacts{query}")).await.expect(200);
    assert_eq!(column(&list("").await, "contacts", "name"), ["Budi 100%", "Somebody", "Ayu Léstari"]);
    for (query, expected) in [
        ("?q=lestari", vec!["Ayu Léstari"]),
        ("?q=BUDI", vec!["Budi 100%"]),
        ("?q=%25", vec!["Budi 100%"]),
        ("?q=%2B62+812-3456-7891", vec!["Budi 100%"]),
        ("?q=777", vec!["Somebody"]),
        ("?q=bu%00di", vec!["Budi 100%"]),
        ("?q=nobody", vec![]),
        ("?q='%3B--", vec![]),
        (&format!("?session={session}&q=o"), vec!["Somebody"]),
    ] {
        assert_eq!(column(&list(query).await, "contacts", "name"), expected, "{query}");
    }
    let page = list("?limit=2").await;
    let next = list(&format!("?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!(
        (column(&next, "contacts", "name"), &next["next_cursor"]),
        (vec!["Ayu Léstari"], &Value::Null)
    );
    for (query, field) in
        [("?q=", "q"), ("?cursor=x", "cursor"), ("?limit=0", "limit"), ("?session=x", "session")]
    {
        let refused = stack.get(&format!("/api/v1/contacts{query}")).await;
        assert_eq!(refused.problem(422, "validation_failed")["field"], field, "{query}");
    }

    let somebody = page["contacts"][1]["id"].as_str().unwrap();
    let path = format!("/api/v1/contacts/{somebody}");
    assert_eq!(stack.get(&path).await.expect(200)["lid"], "777");
    learn(Some(AYU), Some("777"), None).await;
    let became = stack.get(&path).await.expect(200);
    assert_eq!((&became["pn"], &became["lid"]), (&json!(AYU), &json!("777")));
    assert_ne!(became["id"], somebody, "the older one stayed");
    as_stranger(&stack, &path).await.problem(404, "contact_not_found");
    stack.get("/api/v1/contacts/ctc_01K00000000000000000000000").await.problem(404, "contact_not_found");
    stack.get("/api/v1/contacts/17").await.problem(404, "contact_not_found");
    assert_eq!(as_stranger(&stack, "/api/v1/contacts").await.expect(200)["contacts"], json!([]));
}

#[tokio::test]
async fn a_message_leads_to_its_file() {
    let stack = Stack::start().await;
    let (_, key) = stack.session().await;
    let text = says(&stack, key, AYU, "no file", moment(1)).await;
    let media = Media {
        id: wagate_domain::MediaId::from_ulid(stack.env.ulid()),
        workspace: key.workspace,
        session: Some(key.id),
        message: None,
        staged_with: None,
        state: MediaState::Pending,
        mime: "image/png".to_owned(),
        size: 0,
        sha256: None,
        file_name: None,
        locator: None,
        created_at: stack.env.now(),
    };
    let content = Content::Media {
        kind: MediaKind::Image,
        media: media.id,
        mime: "image/png".to_owned(),
        size: 3,
        caption: Some("look".to_owned()),
        file_name: None,
        seconds: None,
    };
    let photo = message(&stack, key, AYU, content, moment(2));
    let path = format!("/api/v1/messages/{}/media", photo.id);
    let received = EventData::MessageReceived {
        message: Box::new(photo),
        media: Some(Box::new(media.clone())),
        history: false,
    };
    stack.tell(key, received).await;
    let pending = stack.get(&path).await.expect(200);
    assert_eq!((&pending["state"], &pending["url"]), (&json!("pending"), &Value::Null));
    let settled = Media { state: MediaState::Ready, size: 3, ..media.clone() };
    stack.tell(key, EventData::MediaSettled { media: Box::new(settled) }).await;
    let ready = stack.get(&path).await.expect(200);
    assert_eq!((&ready["id"], &ready["state"]), (&json!(media.id.to_string()), &json!("ready")));
    assert!(ready["url"].as_str().unwrap().contains(&media.id.to_string()), "{ready}");
    as_stranger(&stack, &path).await.problem(404, "message_not_found");
    stack.get(&format!("/api/v1/messages/{}/media", text.id)).await.problem(404, "media_not_found");
    stack
        .get("/api/v1/messages/msg_01K00000000000000000000000/media")
        .await
        .problem(404, "message_not_found");
}
