//! A worker exports workspaces, and deletes them without leaving anything.

use std::{collections::BTreeMap, time::Duration};

use wagate_domain::{
    WorkspaceId,
    exports::{Export, ExportState, expire},
    ports::{Duties, EventLog, Exports, Objects, Removals, Sessions, Traces, Workspaces},
    retention::Bounds,
    sessions::State,
    workspaces::{DeletePorts, DeleteWorkspace, RemovePorts, Tombstone, delete, remove_due, restore},
};
use wagate_infra::{
    redis::{RedisCalls, RedisDuties, RedisLanes, RedisTraces},
    testing::{Postgres, eventually},
};

use crate::{
    PATIENCE,
    content::{Tenant, lines},
    machines::Machines,
};

async fn ask(machines: &Machines, tenant: &Tenant, export: bool) {
    let ports = DeletePorts { workspaces: &machines.db, exports: &machines.db };
    let request =
        |confirm: &str| DeleteWorkspace { confirm: confirm.to_owned(), export, grace: Duration::ZERO };
    let wrong = delete(&machines.env, ports, tenant.id, request("Another")).await;
    assert!(wrong.unwrap_err().to_string().contains("confirm"));
    let asked = delete(&machines.env, ports, tenant.id, request("Acme")).await.unwrap();
    assert!(asked.deletion.is_some_and(|deletion| deletion.exports == export));
}

async fn tombstone(machines: &Machines, workspace: WorkspaceId) -> Option<Tombstone> {
    let all = machines.db.tombstones(None, 100).await.unwrap();
    all.into_iter().find(|tombstone| tombstone.id == workspace)
}

async fn ended(machines: &Machines, workspace: WorkspaceId) -> Tombstone {
    let look = async || tombstone(machines, workspace).await.filter(|tombstone| tombstone.ended_at.is_some());
    eventually(PATIENCE, "nothing is left", look).await
}

/// Everywhere: columns, keys, objects. Of each with what is in it, as far as that is a number or a name.
async fn traces(machines: &Machines, tenant: &Tenant) -> (BTreeMap<String, i64>, Vec<String>, Vec<String>) {
    let (mut columns, mut keys) = (BTreeMap::new(), Vec::new());
    for text in tenant.ids() {
        for (column, rows) in machines.db.traces(&text).await.unwrap() {
            *columns.entry(column).or_default() += rows;
        }
        keys.extend(machines.redis.find(&text).await.unwrap());
    }
    keys.sort();
    keys.dedup();
    let objects = machines.s3.list("", 1_000).await.unwrap();
    let theirs = |key: &String| tenant.ids().iter().any(|id| key.contains(id));
    (columns, keys, objects.into_iter().filter(theirs).collect())
}

async fn leaves_nothing_and_its_twin_everything(machines: Machines) {
    let worker = machines.worker("first").await;
    let gone = Tenant::make(&machines, "6281111").await;
    let twin = Tenant::make(&machines, "6282222").await;
    for tenant in [&gone, &twin] {
        eventually(PATIENCE, "all of it is on record", || tenant.stored(&machines)).await;
    }
    // what the log still holds of the two goes with it
    machines.log.trim().await.unwrap();
    let [ours, theirs] = [traces(&machines, &gone).await, traces(&machines, &twin).await];
    assert_eq!(ours.0, theirs.0, "alike");
    assert!(ours.0.len() > 25, "{:#?}", ours.0);
    assert!(ours.1.len() > 8 && ours.1.len() == theirs.1.len(), "{:#?}\n{:#?}", ours.1, theirs.1);
    assert_eq!((ours.2.len(), theirs.2.len()), (2, 2), "two files each");

    let expected = gone.counts(&machines).await;
    ask(&machines, &gone, true).await;
    gone.is_logged_out(&machines).await;
    let tombstone = ended(&machines, gone.id).await;
    assert_eq!((tombstone.id, tombstone.name.as_str()), (gone.id, "Acme"));
    let export = Exports::list(&machines.db, gone.id).await.unwrap().pop().unwrap();
    assert_eq!(export.state, ExportState::Done);
    // what was cancelled on the way was told
    machines.stored_whole().await;
    machines.log.trim().await.unwrap();
    let (columns, keys, objects) = traces(&machines, &gone).await;
    let left = ["deleted_workspaces.id", "exports.workspace_id"].map(|column| (column.to_owned(), 1));
    assert_eq!(columns, BTreeMap::from(left), "its tombstone and its export");
    assert_eq!(keys, Vec::<String>::new());
    assert_eq!(objects, [export.object_key()]);
    assert_eq!(traces(&machines, &twin).await, theirs, "of the twin nothing went");
    assert!(gone.has_account(&machines).await, "people keep their accounts");
    gone.is_told_by(&machines, &export, &expected).await;

    let expires_at = export.expires_at.unwrap();
    let a_moment = Duration::from_millis(1);
    assert_eq!(expire(&machines.db, &machines.s3, expires_at.minus(a_moment)).await.unwrap(), 0);
    assert_eq!(expire(&machines.db, &machines.s3, expires_at).await.unwrap(), 1);
    assert_eq!(Exports::list(&machines.db, gone.id).await.unwrap(), []);
    assert_eq!(machines.s3.size(&export.object_key()).await.unwrap(), None);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_workspace_leaves_nothing_and_its_twin_everything_on_sqlite() {
    leaves_nothing_and_its_twin_everything(Machines::start(None).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_workspace_leaves_nothing_and_its_twin_everything_on_postgresql() {
    let server = Postgres::start().await;
    leaves_nothing_and_its_twin_everything(Machines::start(Some(server.database().await)).await).await;
}

/// One look of a worker that gets no further than one thing before it is killed.
async fn killed_after_one_thing(machines: &Machines) -> u64 {
    let (traces, lanes) = (RedisTraces::new(machines.redis.clone()), RedisLanes::new(machines.redis.clone()));
    let ports = RemovePorts {
        bounds: Bounds { batch: 1, batches: 1 },
        exports_kept: Duration::from_secs(1),
        removals: &machines.db,
        traces: &traces,
        objects: &machines.s3,
        sessions: &machines.db,
        calls: &RedisCalls::new(machines.redis.clone()),
        lanes: &lanes,
    };
    remove_due(&machines.env, ports).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_worker_has_begun_the_next_one_finishes() {
    let machines = Machines::start(None).await;
    let tenant = Tenant::make(&machines, "6281111").await;
    machines.store().await;
    ask(&machines, &tenant, false).await;
    // nobody holds its session, so nobody can log it out: it had its time
    Sessions::set_wanted(&machines.db, tenant.id, tenant.session.id, false).await.unwrap();
    let begun = async || {
        killed_after_one_thing(&machines).await;
        tombstone(&machines, tenant.id).await
    };
    eventually(PATIENCE, "the removal has begun", begun).await;
    for step in 0..20 {
        assert_eq!(killed_after_one_thing(&machines).await, 1, "step {step}");
    }
    assert!(restore(&machines.db, tenant.id).await.is_err(), "there is no way back");
    assert!(tombstone(&machines, tenant.id).await.unwrap().ended_at.is_none());
    let worker = machines.worker("next").await;
    ended(&machines, tenant.id).await;
    machines.stored_whole().await;
    machines.log.trim().await.unwrap();
    let (columns, keys, objects) = traces(&machines, &tenant).await;
    assert_eq!(columns.into_keys().collect::<Vec<_>>(), ["deleted_workspaces.id"]);
    assert_eq!((keys.len(), objects.len()), (0, 0), "{keys:?} {objects:?}");
    assert_eq!(RedisTraces::new(machines.redis.clone()).forget(tenant.id).await.unwrap(), 0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_begun_anew_where_a_worker_was_killed() {
    let machines = Machines::start(None).await;
    let tenant = Tenant::make(&machines, "6281111").await;
    machines.store().await;
    tenant.says_much(&machines, 1_000).await;
    let killed = Export {
        state: ExportState::Running,
        attempts: 1,
        lines: 7,
        ..Export::new(machines.env.new_id(), tenant.id, machines.env.now())
    };
    Exports::insert(&machines.db, &killed).await.unwrap();
    let duties = RedisDuties::new(machines.redis.clone());
    let lease = Duration::from_secs(2);
    assert!(duties.take(&format!("export:{}", killed.id), "killed", lease).await.unwrap());
    let worker = machines.worker("next").await;
    let done = async || {
        let export = Exports::get(&machines.db, tenant.id, killed.id).await.unwrap()?;
        let is_there = machines.s3.size(&export.object_key()).await.unwrap().is_some();
        assert!(is_there || export.state != ExportState::Done, "done before the file is there");
        (export.state == ExportState::Done).then_some(export)
    };
    let export = eventually(PATIENCE, "the export is done", done).await;
    assert_eq!(export.attempts, 2);
    assert_eq!(machines.s3.size(&export.object_key()).await.unwrap(), Some(export.bytes));
    let lines = lines(&machines, &export).await;
    assert_eq!(lines.len() as u64, export.lines);
    let of_messages = lines.iter().filter(|line| line["kind"] == "message").count();
    assert!(of_messages > 1_000, "{of_messages}: more than a page");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_that_is_restored_in_time_stays_as_it_was() {
    let machines = Machines::start(None).await;
    let tenant = Tenant::make(&machines, "6281111").await;
    machines.store().await;
    let before = Workspaces::get(&machines.db, tenant.id).await.unwrap().unwrap();
    ask(&machines, &tenant, true).await;
    assert_eq!(restore(&machines.db, tenant.id).await.unwrap(), before);
    let worker = machines.worker("first").await;
    let exported = async || {
        let exports = Exports::list(&machines.db, tenant.id).await.unwrap();
        exports.iter().any(|export| export.state == ExportState::Done).then_some(())
    };
    eventually(PATIENCE, "what was asked for is exported all the same", exported).await;
    assert_eq!(Workspaces::get(&machines.db, tenant.id).await.unwrap(), Some(before));
    let session = Sessions::get(&machines.db, tenant.id, tenant.session.id).await.unwrap().unwrap();
    assert_eq!((session.wanted, session.state), (true, State::Connected));
    worker.stop().await;
}
