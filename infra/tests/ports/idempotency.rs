//! The rules of idempotency keys.

use std::time::Duration;

use futures::future::join_all;
use ulid::Ulid;
use wagate_domain::{
    WorkspaceId,
    ports::{Begun, Idempotency, StoredAnswer},
};
use wagate_infra::{redis::RedisIdempotency, system, testing::RedisServer};

use crate::fixtures::eventually;

const SEED: Ulid = Ulid(42);
const OTHER_SEED: Ulid = Ulid(43);

async fn memory() -> (RedisServer, RedisIdempotency, WorkspaceId) {
    let server = RedisServer::start().await;
    let memory = RedisIdempotency::new(server.connect().await);
    (server, memory, system::env().new_id())
}

#[tokio::test]
async fn a_key_is_fresh_then_running_then_done() {
    let (_server, memory, workspace) = memory().await;
    let begin = |body| memory.begin(workspace, "key", body, SEED);
    assert_eq!(begin("body").await.unwrap(), Begun::Fresh(SEED));
    assert_eq!(begin("body").await.unwrap(), Begun::Running);
    assert_eq!(begin("other body").await.unwrap(), Begun::Mismatch);
    let answer = StoredAnswer { status: 202, body: "{\"id\":\"msg\"}".to_owned() };
    memory.finish(workspace, "key", &answer).await.unwrap();
    assert_eq!(begin("body").await.unwrap(), Begun::Done(answer));
    assert_eq!(begin("other body").await.unwrap(), Begun::Mismatch);
}

#[tokio::test]
async fn workspaces_and_keys_do_not_meet() {
    let (_server, memory, workspace) = memory().await;
    assert_eq!(memory.begin(workspace, "key", "a", SEED).await.unwrap(), Begun::Fresh(SEED));
    let elsewhere = memory.begin(system::env().new_id(), "key", "b", OTHER_SEED).await.unwrap();
    assert_eq!(elsewhere, Begun::Fresh(OTHER_SEED));
    let long_key = "k".repeat(100_000) + " {tag}:\r\n";
    let fresh = memory.begin(workspace, &long_key, "b", OTHER_SEED).await.unwrap();
    assert_eq!(fresh, Begun::Fresh(OTHER_SEED));
}

#[tokio::test]
async fn of_many_simultaneous_requests_one_goes_on() {
    let (_server, memory, workspace) = memory().await;
    let begun = join_all((0..30).map(|n| memory.begin(workspace, "key", "body", Ulid(n)))).await;
    let fresh = begun.iter().filter(|begun| matches!(begun, Ok(Begun::Fresh(_)))).count();
    let running = begun.iter().filter(|begun| matches!(begun, Ok(Begun::Running))).count();
    assert_eq!((fresh, running), (1, 29));
}

#[tokio::test]
async fn the_attempt_after_one_that_vanished_makes_the_same_things() {
    let (_server, memory, workspace) = memory().await;
    let memory = memory.vanished_after(Duration::from_millis(30));
    assert_eq!(memory.begin(workspace, "key", "body", SEED).await.unwrap(), Begun::Fresh(SEED));
    let second = eventually("the first attempt counts as vanished", || async {
        match memory.begin(workspace, "key", "body", OTHER_SEED).await.unwrap() {
            Begun::Running => None,
            begun => Some(begun),
        }
    });
    assert_eq!(second.await, Begun::Fresh(SEED));
    assert_eq!(memory.begin(workspace, "key", "other", SEED).await.unwrap(), Begun::Mismatch);
}

#[tokio::test]
async fn an_attempt_that_says_it_runs_keeps_its_key() {
    let (_server, memory, workspace) = memory().await;
    let brief = memory.clone().vanished_after(Duration::from_millis(30));
    for key in ["key", "silent"] {
        assert_eq!(brief.begin(workspace, key, "body", SEED).await.unwrap(), Begun::Fresh(SEED));
    }
    memory.renew(workspace, "key").await.unwrap();
    eventually("the silent attempt counts as vanished", || async {
        let begun = brief.begin(workspace, "silent", "body", SEED).await.unwrap();
        (begun == Begun::Fresh(SEED)).then_some(())
    })
    .await;
    assert_eq!(brief.begin(workspace, "key", "body", OTHER_SEED).await.unwrap(), Begun::Running);
    memory.release(workspace, "key").await.unwrap();
    assert_eq!(memory.begin(workspace, "key", "body", OTHER_SEED).await.unwrap(), Begun::Fresh(SEED));
    memory.abandon(workspace, "key").await.unwrap();
    memory.renew(workspace, "key").await.unwrap();
    assert_eq!(memory.begin(workspace, "key", "other", OTHER_SEED).await.unwrap(), Begun::Fresh(OTHER_SEED));
}

#[tokio::test]
async fn a_released_key_is_tried_again_at_once_with_the_same_body_and_seed() {
    let (_server, memory, workspace) = memory().await;
    memory.begin(workspace, "key", "body", SEED).await.unwrap();
    memory.release(workspace, "key").await.unwrap();
    assert_eq!(memory.begin(workspace, "key", "other", OTHER_SEED).await.unwrap(), Begun::Mismatch);
    assert_eq!(memory.begin(workspace, "key", "body", OTHER_SEED).await.unwrap(), Begun::Fresh(SEED));
    assert_eq!(memory.begin(workspace, "key", "body", OTHER_SEED).await.unwrap(), Begun::Running);
    let answer = StoredAnswer { status: 201, body: String::new() };
    memory.finish(workspace, "key", &answer).await.unwrap();
    memory.release(workspace, "key").await.unwrap();
    assert_eq!(memory.begin(workspace, "key", "body", SEED).await.unwrap(), Begun::Done(answer));
}

#[tokio::test]
async fn an_abandoned_key_is_free_and_an_answered_one_stays() {
    let (_server, memory, workspace) = memory().await;
    memory.begin(workspace, "key", "body", SEED).await.unwrap();
    memory.abandon(workspace, "key").await.unwrap();
    let begun = memory.begin(workspace, "key", "mended body", OTHER_SEED).await.unwrap();
    assert_eq!(begun, Begun::Fresh(OTHER_SEED));
    let answer = StoredAnswer { status: 201, body: String::new() };
    memory.finish(workspace, "key", &answer).await.unwrap();
    memory.abandon(workspace, "key").await.unwrap();
    let begun = memory.begin(workspace, "key", "mended body", SEED).await.unwrap();
    assert_eq!(begun, Begun::Done(answer));
}
