//! The store on a real file: order, dedupe, removal, restart.

use std::sync::{Arc, Mutex};

use sqlx::query;
use tokio::sync::oneshot;
use wacore_binary::builder::NodeBuilder;

use super::{Appended, DedupeKey, DeviceKey, Entry, NewPatch, Placed, State, Wanted};

const ALICE: DeviceKey = DeviceKey { pn: 4_915_100_001, device: 1 };
const BOB: DeviceKey = DeviceKey { pn: 4_915_100_002, device: 1 };

fn entry(id: &str, target: DeviceKey, count: u32) -> Entry {
    let node = NodeBuilder::new("message").attr("id", id).build();
    Entry::new(target, &node, Some(DedupeKey::new(ALICE, id, target, count))).expect("entry")
}

async fn append(state: &State, entries: Vec<Entry>) -> Vec<Placed> {
    let (sender, receiver) = oneshot::channel();
    let done = move |placed: Option<Vec<Placed>>| drop(sender.send(placed));
    state.journal().append(entries, done).await.expect("append");
    receiver.await.expect("answer").expect("commit")
}

async fn queued(state: &State, device: DeviceKey) -> Vec<i64> {
    let rows = state.peek_queue(device, 0, i64::MAX).await.expect("queue");
    rows.iter().map(|row| row.seq).collect()
}

#[tokio::test]
async fn a_delivery_is_queued_once_even_after_a_restart() {
    let folder = tempfile::tempdir().expect("folder");
    let state = State::open(folder.path(), 100).await.expect("open");
    assert_eq!(append(&state, vec![entry("X", BOB, 0), entry("X", BOB, 0)]).await.len(), 1);
    assert!(append(&state, vec![entry("X", BOB, 0)]).await.is_empty());
    assert_eq!(append(&state, vec![entry("X", BOB, 1)]).await.len(), 1, "a retry is another delivery");
    state.close().await;

    let state = State::open(folder.path(), 100).await.expect("open again");
    assert!(append(&state, vec![entry("X", BOB, 0)]).await.is_empty());
    assert_eq!(queued(&state, BOB).await.len(), 2);
    state.close().await;
}

#[tokio::test]
async fn a_delivery_that_is_asked_for_again_is_queued_again() {
    let folder = tempfile::tempdir().expect("folder");
    let state = State::open(folder.path(), 100).await.expect("open");
    assert_eq!(append(&state, vec![entry("X", BOB, 0)]).await.len(), 1);
    let retry = |id: &str| {
        let node = NodeBuilder::new("receipt").attr("id", id.to_owned()).build();
        vec![Entry::new(ALICE, &node, None).expect("entry").asking_again(BOB)]
    };
    append(&state, retry("Y")).await;
    assert!(append(&state, vec![entry("X", BOB, 0)]).await.is_empty(), "another one was asked for");
    append(&state, retry("X")).await;
    assert_eq!(append(&state, vec![entry("X", BOB, 0), entry("X", BOB, 0)]).await.len(), 1, "once more");
    state.close().await;
}

#[tokio::test]
async fn completions_run_in_order_and_queues_keep_it() {
    let folder = tempfile::tempdir().expect("folder");
    let state = State::open(folder.path(), 10_000).await.expect("open");
    let seen = Arc::new(Mutex::new(Vec::new()));
    for n in 0..1000 {
        let seen = Arc::clone(&seen);
        let done = move |placed: Option<Vec<Placed>>| {
            seen.lock().expect("lock").extend(placed.expect("commit").iter().map(|p| p.seq));
        };
        state.journal().append(vec![entry(&n.to_string(), BOB, 0)], done).await.expect("append");
    }
    state.close().await;
    let seen = seen.lock().expect("lock").clone();
    assert_eq!(seen.len(), 1000);
    assert!(seen.is_sorted());
    let state = State::open(folder.path(), 10_000).await.expect("open again");
    assert_eq!(queued(&state, BOB).await, seen);
    let (done, rest) = seen.split_at(500);
    state.journal().remove(done.to_vec()).await.expect("remove");
    state.close().await;
    let state = State::open(folder.path(), 10_000).await.expect("open a third time");
    assert_eq!(queued(&state, BOB).await, rest);
    state.close().await;
}

#[tokio::test]
async fn a_full_queue_drops_its_oldest() {
    let folder = tempfile::tempdir().expect("folder");
    let state = State::open(folder.path(), 10).await.expect("open");
    let mut last = 0;
    for batch in 0..30 {
        let entries = (0..100).map(|n| entry(&format!("{batch}-{n}"), BOB, 0)).collect();
        last = append(&state, entries).await.last().expect("placed").seq;
    }
    let left = queued(&state, BOB).await;
    assert_eq!(left, (last - 9..=last).collect::<Vec<_>>());
    state.close().await;

    let state = State::open(folder.path(), 10).await.expect("open again");
    let last = append(&state, vec![entry("one more", BOB, 0)]).await.last().expect("placed").seq;
    assert_eq!(queued(&state, BOB).await, (last - 9..=last).collect::<Vec<_>>());
    state.close().await;
}

#[tokio::test]
async fn a_failed_statement_leaves_the_rest_of_its_group() {
    let folder = tempfile::tempdir().expect("folder");
    let state = State::open(folder.path(), 100).await.expect("open");
    let broken = state.journal().run(|connection| {
        Box::pin(async move {
            query("INSERT INTO settings (key, value) VALUES ('half', x'00')")
                .execute(&mut *connection)
                .await?;
            query("INSERT INTO nowhere VALUES (1)").execute(connection).await?;
            Ok(())
        })
    });
    let (broken, placed) = tokio::join!(broken, append(&state, vec![entry("X", BOB, 0)]));
    assert!(broken.is_err());
    assert_eq!(placed.len(), 1);
    assert_eq!(state.setting("half").await.expect("setting"), None);
    assert_eq!(queued(&state, BOB).await.len(), 1);
    state.close().await;
}

#[tokio::test]
async fn app_state_versions_grow_by_one_and_conflicts_are_named() {
    let folder = tempfile::tempdir().expect("folder");
    let state = State::open(folder.path(), 100).await.expect("open");
    let append = |base| {
        let (collection, patch) = ("regular".into(), "patch".into());
        state.append_patch(NewPatch { pn: 1, collection, base, device: 1, patch })
    };
    assert_eq!(append(0).await.expect("first"), Appended::Stored(1));
    assert_eq!(append(0).await.expect("late"), Appended::Conflict(1));
    let (a, b) = tokio::join!(append(1), append(1));
    let outcomes = [a.expect("a"), b.expect("b")];
    assert!(
        outcomes.contains(&Appended::Stored(2)) && outcomes.contains(&Appended::Conflict(2)),
        "{outcomes:?}"
    );
    let wanted = Wanted { collection: "regular", after: 1, snapshot: false, limit: 100 };
    let page = state.app_state_page(1, wanted).await.expect("patches");
    assert_eq!((page.version, page.patches.len(), page.patches[0].version), (2, 1, 2));
    state.close().await;
}

#[tokio::test]
async fn pre_keys_are_taken_once_and_counted() {
    let folder = tempfile::tempdir().expect("folder");
    let state = State::open(folder.path(), 100).await.expect("open");
    state.add_pre_keys(BOB, vec![(2, [2; 32]), (1, [1; 32])]).await.expect("add");
    state.add_pre_keys(BOB, vec![(1, [9; 32])]).await.expect("same id again");
    assert_eq!(state.count_pre_keys(BOB).await.expect("count"), 2);
    assert_eq!(state.take_pre_key(BOB).await.expect("take"), (Some((1, [1; 32])), 1));
    assert_eq!(state.take_pre_key(BOB).await.expect("take"), (Some((2, [2; 32])), 0));
    assert_eq!(state.take_pre_key(BOB).await.expect("take"), (None, 0));
    state.close().await;
}
