//! What phones do by themselves, in order and over a stop.

use std::time::Duration;

use serde_json::{Value, json};
use wacore_binary::Node;

use super::eventually;
use super::lan::World;
use crate::phones::{Behaviour, ReadBehaviour, SettingsChange};
use crate::ports::Phones;

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";
const GROUP: &str = "120363000000000001@g.us";
const HOUR: Duration = Duration::from_secs(3600);

fn change(value: Value) -> SettingsChange {
    serde_json::from_value(value).expect("settings")
}

async fn world(dir: &std::path::Path, bens: Value) -> World {
    let world = World::open(dir).await;
    world.phones.ensure(ADA, None).await.expect("ada");
    world.phones.register(BEN, None, change(bens)).await.expect("ben");
    world
}

/// What Ben's phone has submitted, by tag and, where it matters, by what it says.
fn did(world: &World) -> Vec<String> {
    let name = |node: &Node| match node.tag.as_ref() {
        "receipt" => {
            node.attrs().optional_string("type").map_or("delivered".into(), |kind| kind.into_owned())
        }
        "presence" => node.attrs().optional_string("type").expect("type").into_owned(),
        "chatstate" => node.children().and_then(<[Node]>::first).expect("state").tag.to_string(),
        tag => tag.to_owned(),
    };
    let log = world.lan.log();
    log.iter().filter(|(pn, _)| pn == BEN).map(|(_, node)| name(node)).collect()
}

#[tokio::test]
async fn a_phone_comes_online_reads_types_answers_and_goes() {
    let dir = tempfile::tempdir().expect("dir");
    let settings = json!({
        "read": { "after_ms": 60_000 }, "online": true,
        "script": { "echo": true, "delay_ms": 300_000, "typing_ms": 120_000 },
    });
    let world = world(dir.path(), settings).await;
    world.text(ADA, BEN, "hello").await;
    assert_eq!(did(&world), ["delivered"], "the rest has its time");
    let mut expected = vec!["delivered", "available", "read"];
    world.phones.clock.advance(Duration::from_secs(60));
    eventually("read", async || (did(&world).len() == expected.len()).then_some(())).await;
    expected.push("composing");
    world.phones.clock.advance(Duration::from_secs(120));
    eventually("typing", async || (did(&world).len() == expected.len()).then_some(())).await;
    expected.extend(["paused", "message", "unavailable"]);
    world.phones.clock.advance(Duration::from_secs(120));
    eventually("answer", async || (did(&world).len() == expected.len()).then_some(())).await;
    assert_eq!(did(&world), expected);
    assert_eq!(world.inbox(ADA).await[0].text.as_deref(), Some("hello"));
}

#[tokio::test]
async fn what_was_planned_is_done_after_a_stop_and_once() {
    let dir = tempfile::tempdir().expect("dir");
    let settings = json!({
        "read": { "after_ms": 3_600_000 },
        "script": { "replies": [{ "keyword": "", "reply": "later" }], "delay_ms": 3_600_000 },
    });
    let world = world(dir.path(), settings).await;
    let sent = world.text(ADA, BEN, "hello").await;
    let lan = world.lan.clone();
    world.phones.stop().await;
    drop(world);

    let world = World::with_lan(dir.path(), lan).await;
    assert!(world.inbox(ADA).await.is_empty());
    world.phones.clock.advance(2 * HOUR);
    eventually("the answer", async || world.inbox(ADA).await.pop()).await;
    assert!(did(&world).contains(&"read".to_owned()));
    assert_eq!(
        world.phones.message(BEN, &sent.id).await.expect("message").status,
        crate::phones::Status::Read
    );
    let lan = world.lan.clone();
    world.phones.stop().await;
    drop(world);
    let world = World::with_lan(dir.path(), lan).await;
    assert!(world.phones.store.plans().await.expect("plans").is_empty());
    assert_eq!(world.inbox(ADA).await.len(), 1);
}

#[tokio::test]
async fn who_opts_out_answers_once_and_blocks() {
    let dir = tempfile::tempdir().expect("dir");
    let stop = json!({ "script": { "replies": [{ "keyword": "", "reply": "STOP", "then": "blocks" }] } });
    let world = world(dir.path(), stop).await;
    world.text(ADA, BEN, "Buy now!").await;
    let answer = eventually("the answer", async || world.inbox(ADA).await.pop()).await;
    assert_eq!(answer.text.as_deref(), Some("STOP"));
    let blocked = || {
        let queries = world.lan.queries.lock().expect("lock");
        queries.iter().any(|iq| iq.attrs().optional_string("xmlns").is_some_and(|space| space == "blocklist"))
    };
    eventually("the block", async || blocked().then_some(())).await;
    world.text(ADA, BEN, "Really, buy!").await;
    assert!(world.phones.store.plans().await.expect("plans").is_empty(), "nothing is planned any more");
    assert_eq!(world.inbox(ADA).await.len(), 1);

    let again =
        json!({ "script": { "replies": [{ "keyword": "", "reply": "Hm?", "then": "falls_silent" }] } });
    world.phones.change(BEN, change(again)).await.expect("changed");
    for _ in 0..2 {
        world.text(ADA, BEN, "Hello?").await;
    }
    eventually("one answer", async || (world.inbox(ADA).await.len() == 2).then_some(())).await;
    world.text(ADA, BEN, "Hello??").await;
    assert!(world.phones.store.plans().await.expect("plans").is_empty());
}

#[tokio::test]
async fn an_answer_may_be_any_kind_of_message() {
    let dir = tempfile::tempdir().expect("dir");
    let script = json!({ "script": { "replies": [
        { "keyword": "like", "message": { "content": { "reaction": { "message": "", "emoji": "👍" } } } },
        { "keyword": "menu", "message": { "content": { "poll": { "name": "?", "options": ["a", "b"] } }, "quote": true } },
        { "keyword": "photo", "message": { "text": "here", "media": {
            "kind": "image", "mimetype": "image/png", "base64": "aGVsbG8=" } } },
    ] } });
    let world = world(dir.path(), script).await;
    let like = world.text(ADA, BEN, "do you like it?").await;
    let reaction = eventually("a reaction", async || world.inbox(ADA).await.pop()).await;
    assert_eq!(reaction.body.as_ref().and_then(|body| body.target()), Some(like.id.as_str()));
    let menu = world.text(ADA, BEN, "the menu").await;
    let poll = eventually("a poll", async || world.inbox(ADA).await.into_iter().nth(1)).await;
    assert_eq!((poll.kind.as_str(), poll.quoted), ("poll", Some(menu.id)));
    world.text(ADA, BEN, "photo").await;
    let photo = eventually("a photo", async || world.inbox(ADA).await.into_iter().nth(2)).await;
    assert_eq!((photo.kind.as_str(), photo.text.as_deref()), ("image", Some("here")));
    assert_eq!(world.phones.media(ADA, &photo.id).await.expect("opened").1, b"hello"[..]);
}

#[tokio::test]
async fn in_groups_a_phone_reads_and_answers_only_when_told_to() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path(), json!({ "read": "immediately", "script": { "echo": true } })).await;
    world.lan.group(GROUP, true, &[ADA, BEN]);
    let first = world.text(ADA, GROUP, "all?").await;
    eventually("read", async || did(&world).contains(&"read".to_owned()).then_some(())).await;
    assert!(world.inbox(ADA).await.is_empty());
    world
        .phones
        .change(BEN, change(json!({ "script": { "echo": true, "groups": true } })))
        .await
        .expect("changed");
    world.text(ADA, GROUP, "now?").await;
    let echo = eventually("the echo", async || world.inbox(ADA).await.pop()).await;
    assert_eq!((echo.text.as_deref(), echo.chat.as_str(), echo.from.0.as_str()), (Some("now?"), GROUP, BEN));
    assert_eq!(
        world.phones.message(ADA, &first.id).await.expect("message").status,
        crate::phones::Status::Read
    );
}

#[tokio::test]
async fn defaults_are_for_all_of_whom_nothing_else_was_said() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path(), json!({ "read": "never" })).await;
    let defaults = json!({ "script": { "echo": true }, "read": "immediately" });
    world.phones.change_defaults(change(defaults)).await.expect("changed");
    let on_demand = "491700000099";
    world.text(ADA, on_demand, "hello stranger").await;
    eventually("the echo", async || world.inbox(ADA).await.pop()).await;
    assert_eq!(world.phones.summary(on_demand).await.expect("summary").behaviour, None);
    let told = world.phones.summary(BEN).await.expect("summary").behaviour.expect("Ben was told");
    assert!(told.read == ReadBehaviour::Never && !told.script.echo);
    assert!(world.phones.change_defaults(change(json!({ "on_whatsapp": false }))).await.is_err());

    let before = world.phones.defaults();
    let lan = world.lan.clone();
    world.phones.stop().await;
    drop(world);
    let world = World::with_lan(dir.path(), lan).await;
    assert_eq!(world.phones.defaults(), before);
    assert_ne!(*before, Behaviour::default());
}
