//! What is told has the shape that docs/reference/events.schema.json gives it, as a validator sees it that we did not write
//! (Ajv).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};
use wagate_domain::events::EventKind;
use wagate_tests::{Api, Call, Endpoint, Manner, Phone, Stack, eventually};

const SHOP: &str = "6281200000001";
const AYU: &str = "6281234567890";
const BUDI: &str = "6281234567891";
const CITRA: &str = "6281234567892";

/// A 1 × 1 pixel PNG.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// What the validator finds wrong with each of these; nothing in those that are good.
async fn judged(events: &[Value]) -> Vec<Option<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("receivers");
    let installed = folder.join("node_modules/ajv").exists();
    assert!(installed, "no ajv in tests/receivers: run scripts/foreign-clients (make test does)");
    let mut judge = Command::new("node")
        .args(["judge.mjs", "../../docs/reference/events.schema.json"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node: run scripts/need node (make test does)");
    let mut input = judge.stdin.take().expect("piped");
    let lines: Vec<String> = events.iter().map(|event| format!("{event}\n")).collect();
    let told = tokio::spawn(async move { input.write_all(lines.concat().as_bytes()).await });
    let output = judge.wait_with_output().await.expect("the validator's words");
    told.await.expect("no panic").expect("it listens");
    let verdicts: Vec<_> =
        output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!(verdicts.len(), events.len(), "a verdict for each");
    verdicts.into_iter().map(|verdict| serde_json::from_slice(verdict).expect("a verdict")).collect()
}

/// The paths of everything in an event that has nothing below it.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, value)| leaves(value, &format!("{at}/{n}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

/// An event made wrong in every way there is: each with what was done to it.
fn spoilt(event: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for field in ["id", "type", "api_version", "workspace", "time", "data"] {
        let mut wrong = event.clone();
        wrong.as_object_mut().expect("an object").remove(field);
        all.push((format!("without {field}"), wrong));
    }
    // a field that the schema does not know could be anything
    let mut paths = Vec::new();
    leaves(event, "", &mut paths);
    for path in paths {
        let mut wrong = event.clone();
        *wrong.pointer_mut(&path).expect("it is there") = json!([[]]);
        all.push((format!("another {path}"), wrong));
    }
    let mut wrong = event.clone();
    wrong["type"] = json!("message.heard");
    all.push(("an unknown type".to_owned(), wrong));
    all
}

/// All of them are good, and none of them is when something in it is wrong.
async fn have_their_shape(events: &[Value]) {
    for (event, wrong) in events.iter().zip(judged(events).await) {
        assert_eq!(wrong, None, "{event:#}");
    }
    let (deeds, wrong): (Vec<_>, Vec<_>) = events.iter().flat_map(spoilt).unzip();
    for ((deed, event), verdict) in deeds.iter().zip(&wrong).zip(judged(&wrong).await) {
        assert!(verdict.is_some(), "{deed}: {event:#}");
    }
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().expect("a type")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_of_every_type_has_its_shape() {
    let stack = Stack::sqlite().await;
    let (api, endpoint) = (stack.api(), Endpoint::start().await);
    let made = api.post("/api/v1/webhooks", &json!({"url": endpoint.url()})).await.expect(201).json();
    let path = format!("/api/v1/webhooks/{}/test", made["id"].as_str().expect("an id"));
    for kind in EventKind::ALL {
        let tried = api.post(&path, &json!({"type": kind.name()})).await.expect(200).json();
        assert_eq!(tried["status"], 200, "{kind:?}: {tried}");
    }
    let events: Vec<Value> = endpoint.calls().iter().map(Call::event).collect();
    let told: Vec<&str> = events.iter().map(kind).collect();
    let all: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(told, all);
    have_their_shape(&events).await;
}

/// A session whose phone has a past, people around it, and a webhook that is told everything.
struct Scene {
    stack: Stack,
    api: Api,
    session: String,
    shop: Phone,
    ayu: Phone,
    endpoint: Endpoint,
}

impl Scene {
    async fn open() -> Self {
        let stack = Stack::sqlite().await;
        let (shop, ayu) = (stack.phone(SHOP, "Toko Kopi").await, stack.phone(AYU, "Ayu").await);
        for (number, name) in [(BUDI, "Budi"), (CITRA, "Citra")] {
            stack.phone(number, name).await;
        }
        let said = json!({"to": AYU, "text": {"body": "long ago"}});
        let past = json!({"messages": [{"id": "3EB0LONGAGO", "from": AYU, "message": said, "time": "2025-01-01T00:00:00Z"}]});
        shop.does(Method::POST, "/history", &past).await;
        let (api, endpoint) = (stack.api(), Endpoint::start().await);
        api.post("/api/v1/webhooks", &json!({"url": endpoint.url()})).await.expect(201);
        let session = stack.linked(&shop).await;
        Self { stack, api, session, shop, ayu, endpoint }
    }

    async fn takes(&self, kind: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(kind, || async {
            self.endpoint.taken(kind).into_iter().find(|event| is_it(&event["data"]))
        })
        .await
    }

    /// What people write, and do to what was written.
    async fn messages(&self) {
        let ayu = &self.ayu;
        let first = ayu.write(SHOP, "halo").await;
        let write = async |content: Value| ayu.write_message(&json!({"to": SHOP, "content": content})).await;
        write(json!({"reaction": {"message": first, "emoji": "👍"}})).await;
        write(json!({"edit": {"message": first, "text": "Halo!"}})).await;
        write(json!({"revoke": {"message": first}})).await;
        let poll =
            write(json!({"poll": {"name": "Drinks?", "options": ["tea", "coffee"], "selectable": 1}})).await;
        write(json!({"poll_vote": {"message": poll, "options": ["tea"]}})).await;
        ayu.write_message(&json!({"to": SHOP, "text": {"body": "an answer"}, "reply_to": poll})).await;
        let sent = self.api.text(&self.session, AYU, "good morning").await;
        self.api.message_is(&sent, "delivered").await;
        ayu.read(SHOP).await;
        self.takes("message.status", |data| data["status"] == "read").await;
        for (kind, is_it) in
            [("message.updated", ""), ("message.deleted", ""), ("message.reaction", ""), ("poll.vote", "")]
        {
            self.takes(kind, |_| is_it.is_empty()).await;
        }
    }

    async fn files(&self) {
        let file = |text: &str| {
            let media = json!({"kind": "document", "base64": STANDARD.encode(text), "mimetype": "application/pdf", "file_name": "a.pdf"});
            json!({"to": SHOP, "type": "media", "media": media})
        };
        self.ayu.write_message(&file("a file")).await;
        self.takes("media.ready", |_| true).await;
        let sandbox = Api::new(self.stack.up().sandbox().control_url(), "");
        let gone = json!({"on": {"direction": "out"}, "effect": {"kind": "media_status", "status": 404}});
        sandbox.post("/v1/faults", &gone).await.expect(201);
        self.ayu.write_message(&file("another file")).await;
        self.takes("media.failed", |_| true).await;
        sandbox.delete("/v1/faults").await.expect(204);
        let image = json!({"base64": PIXEL, "mimetype": "image/png", "caption": "ours"});
        let sent =
            self.api.message(&self.session, &json!({"to": AYU, "type": "image", "image": image})).await;
        self.api.message_is(&sent, "delivered").await;
    }

    async fn groups(&self) {
        let made =
            self.ayu.does(Method::POST, "/groups", &json!({"subject": "Friends", "members": [SHOP]})).await;
        let group = format!("/groups/{}", made["jid"].as_str().expect("a JID"));
        self.takes("group.joined", |_| true).await;
        self.ayu.does(Method::PATCH, &group, &json!({"subject": "Family"})).await;
        self.ayu.does(Method::PATCH, &group, &json!({"ephemeral": 86400})).await;
        self.ayu.write_message(&json!({"to": made["jid"], "text": {"body": "all of you"}})).await;
        for (action, member) in [("add", BUDI), ("promote", BUDI), ("remove", SHOP)] {
            let change = json!({"action": action, "members": [member]});
            self.ayu.does(Method::POST, &format!("{group}/members"), &change).await;
        }
        self.takes("group.left", |_| true).await;
        self.takes("group.participants", |_| true).await;
        self.takes("group.updated", |_| true).await;
    }

    async fn chats_and_calls(&self) {
        let path = format!("/api/v1/sessions/{}/presence", self.session);
        self.api.post(&path, &json!({"presence": "available"})).await.expect(204);
        self.api.post(&format!("{path}/subscribe"), &json!({"chat": AYU})).await.expect(204);
        self.ayu.does(Method::POST, "/presence", &json!({"state": "available"})).await;
        self.ayu.types(SHOP).await;
        self.takes("presence.update", |data| data["presence"] == "typing").await;
        // one by one: of what another device does while a change is fetched, clients hear with the next change only
        for (action, kind, count) in [
            (json!({"action": "archive", "chat": AYU, "archived": true}), "chat.updated", 1),
            (json!({"action": "mute", "chat": AYU, "muted": true}), "chat.updated", 2),
            (json!({"action": "delete_chat", "chat": AYU}), "chat.deleted", 1),
        ] {
            self.shop.does(Method::POST, "/app-state", &action).await;
            self.endpoint.takes(kind, count).await;
        }
        let call = self.ayu.does(Method::POST, "/calls", &json!({"to": SHOP, "video": true})).await;
        self.takes("call.received", |_| true).await;
        let path = format!("/calls/{}", call["id"].as_str().expect("an id"));
        self.ayu.does(Method::DELETE, &path, &Value::Null).await;
        self.takes("call.updated", |_| true).await;
    }

    /// A person who was written to by number and by LID turns out to be one, and moves.
    async fn people(&self) {
        let budi = self.stack.phone(BUDI, "Budi").await;
        let lid = budi.does(Method::GET, "", &Value::Null).await["lid"].as_str().expect("a LID").to_owned();
        for to in [BUDI, &lid] {
            self.api.text(&self.session, to, "who are you?").await;
        }
        budi.write(SHOP, "one and the same").await;
        self.takes("contact.merged", |_| true).await;
        budi.does(Method::POST, "/change-number", &json!({"number": "6289999999999"})).await;
        self.takes("contact.updated", |_| true).await;
    }

    async fn trouble(&self) {
        self.shop.restrict("new_chat_cap", &json!({"seconds": 5})).await;
        self.api.text(&self.session, CITRA, "hello stranger").await;
        self.takes("restriction.started", |_| true).await;
        self.takes("restriction.ended", |_| true).await;
        let gone = Endpoint::behaving(Manner::Status(410)).await;
        let hook = json!({"url": gone.url(), "events": ["message.received"]});
        self.api.post("/api/v1/webhooks", &hook).await.expect(201);
        self.ayu.write(SHOP, "is anybody there?").await;
        self.takes("webhook.disabled", |_| true).await;
        self.api.post(&format!("/api/v1/sessions/{}/stop", self.session), &json!({})).await.expect(202);
        self.takes("session.disconnected", |_| true).await;
    }
}

/// All events, page by page.
async fn asked_for(api: &Api) -> BTreeMap<String, Value> {
    let (mut all, mut after) = (BTreeMap::new(), String::new());
    loop {
        let page = api.get(&format!("/api/v1/events?limit=20{after}")).await.expect(200).json();
        let events = page["events"].as_array().expect("events");
        all.extend(events.iter().map(|event| (event["id"].to_string(), event.clone())));
        match page["next_cursor"].as_str().filter(|_| !events.is_empty()) {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_really_happens_is_told_in_its_shape() {
    let mut scene = Scene::open().await;
    scene.takes("history.progress", |_| true).await;
    scene.messages().await;
    scene.files().await;
    scene.groups().await;
    scene.chats_and_calls().await;
    scene.people().await;
    scene.trouble().await;
    let events = eventually("all is told, posted as when asked for", || async {
        let asked = asked_for(&scene.api).await;
        let calls = scene.endpoint.calls();
        let posted: BTreeMap<String, Value> =
            calls.iter().map(Call::event).map(|event| (event["id"].to_string(), event)).collect();
        (posted == asked).then(|| posted.into_values().collect::<Vec<_>>())
    })
    .await;
    let seen: BTreeSet<&str> = events.iter().map(kind).collect();
    let all: BTreeSet<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(seen, all, "every type happened");
    have_their_shape(&events).await;
    scene.stack.stop().await;
}
