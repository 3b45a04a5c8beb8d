//! The embedded redis-server: it lives exactly as long as we do, and keeps what it was told.
//! That it also ends when we are killed is shown with the whole program, in the tests of the cli.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fred::prelude::KeysInterface;
use wagate_domain::{
    messages::{Message, Priority},
    ports::Lanes,
};
use wagate_infra::{
    config::RedisConfig,
    redis::{ChildError, Redis, RedisChild, RedisLanes},
};

use crate::fixtures::{Fixture, eventually, plain_client};

async fn connect(child: &RedisChild) -> Redis {
    let config = RedisConfig { url: Some(child.url().clone()), ..RedisConfig::default() };
    Redis::connect(&config).await.unwrap()
}

fn process_of(data: &Path) -> Option<u32> {
    std::fs::read_to_string(data.join("redis/redis.pid")).ok()?.trim().parse().ok()
}

fn is_running(process: u32) -> bool {
    let command = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&command).contains("redis-server")
}

fn kill(signal: &str, process: u32) {
    assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
}

async fn gone(process: u32) {
    eventually("the server ends", || async { (!is_running(process)).then_some(()) }).await;
}

/// A session with a message, to be found again.
async fn leave_a_message(redis: Redis) -> (Fixture, Message) {
    let f = Fixture::over(redis).await;
    let message = f.accept("kept", Priority::Interactive, None).await;
    (f, message)
}

#[tokio::test]
async fn what_was_accepted_outlives_a_clean_stop() {
    let dir = tempfile::tempdir().unwrap();
    let child = RedisChild::start(dir.path()).await.unwrap();
    let server = process_of(dir.path()).unwrap();
    let (f, message) = leave_a_message(connect(&child).await).await;
    child.stop().await;
    assert!(!is_running(server), "it has ended when stop returns");
    let child = RedisChild::start(dir.path()).await.unwrap();
    let lanes = RedisLanes::new(connect(&child).await);
    assert_eq!(lanes.peek(f.lane.workspace, message.id).await.unwrap(), Some(message));
    child.stop().await;
}

#[tokio::test]
async fn a_server_that_is_killed_comes_back_with_what_was_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let child = RedisChild::start(dir.path()).await.unwrap();
    let redis = connect(&child).await;
    let (f, message) = leave_a_message(redis.clone()).await;
    let first = process_of(dir.path()).unwrap();
    kill("-KILL", first);
    let peeked = eventually("it is back", || async { f.lanes.peek(f.lane.workspace, message.id).await.ok() });
    assert_eq!(peeked.await, Some(message));
    assert_ne!(process_of(dir.path()), Some(first));
    child.stop().await;
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let child = RedisChild::start(dir.path()).await.unwrap();
    let server = process_of(dir.path()).unwrap();
    assert!(is_running(server));
    drop(child);
    gone(server).await;
}

#[tokio::test]
async fn two_processes_cannot_have_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    let child = RedisChild::start(dir.path()).await.unwrap();
    let second = RedisChild::start(dir.path()).await;
    assert!(matches!(second, Err(ChildError::InUse(_))), "{second:?}");
    connect(&child).await.ping().await.unwrap();
    child.stop().await;
}

#[tokio::test]
async fn a_server_left_by_a_killed_run_is_stopped_not_doubled() {
    let dir = tempfile::tempdir().unwrap();
    // what is left when everything of a run but the server was killed
    let files = dir.path().join("redis");
    std::fs::create_dir_all(&files).unwrap();
    let socket: PathBuf = files.canonicalize().unwrap().join("redis.sock");
    let mut orphan = Command::new("redis-server")
        .args(["--port", "0", "--appendonly", "yes", "--save", "", "--daemonize", "no"])
        .arg("--unixsocket")
        .arg(&socket)
        .arg("--dir")
        .arg(&files)
        .arg("--pidfile")
        .arg(files.join("redis.pid"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the orphan listens", || async { tokio::net::UnixStream::connect(&socket).await.ok() }).await;
    let config = RedisConfig {
        url: Some(format!("redis+unix://{}", socket.display()).as_str().into()),
        ..RedisConfig::default()
    };
    let (f, message) = leave_a_message(Redis::connect(&config).await.unwrap()).await;
    let child = RedisChild::start(dir.path()).await.unwrap();
    assert!(orphan.try_wait().unwrap().is_some(), "the old one has ended");
    assert_ne!(process_of(dir.path()), Some(orphan.id()));
    let lanes = RedisLanes::new(connect(&child).await);
    assert_eq!(lanes.peek(f.lane.workspace, message.id).await.unwrap(), Some(message));
    child.stop().await;
}

#[tokio::test]
async fn every_write_is_in_the_file_before_it_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let child = RedisChild::start(dir.path()).await.unwrap();
    let client = plain_client(child.url().expose()).await;
    for n in 0..20 {
        let value = format!("value-{n}");
        client.set::<(), _, _>("key", value.as_str(), None, None, false).await.unwrap();
        let files = std::fs::read_dir(dir.path().join("redis/appendonlydir")).unwrap();
        let written =
            files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect::<Vec<_>>().concat();
        assert!(String::from_utf8_lossy(&written).contains(&value));
    }
    child.stop().await;
}
