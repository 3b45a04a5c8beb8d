//! Thousands of peers that connect and do nothing. In a program of its own, so that nothing else
//! is measured.
#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "../network/raw.rs"]
mod raw;

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{Mutex, MutexGuard};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use wagate_sandbox::{Sandbox, SandboxConfig};

use raw::{Keys, Raw, has};

/// Peers of a crowd.
const CROWD: usize = 10_000;
/// How long a crowd may take to come or to be sent away.
const PATIENCE: Duration = Duration::from_secs(120);
/// Memory that a peer may take which has not even said hello: its task and its buffers.
const PER_PEER: usize = 32 * 1024;
const ALICE: &str = "4915670000001";
const BOB: &str = "4915670000002";

/// One crowd at a time.
static TURN: Mutex<()> = Mutex::const_new(());

struct Place {
    sandbox: Sandbox,
    _folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Place {
    /// A sandbox that gives peers as long as they like.
    async fn start(max_connections: usize) -> Self {
        let turn = TURN.lock().await;
        let folder = tempfile::tempdir().expect("folder");
        let config = SandboxConfig {
            handshake_timeout: Duration::from_secs(3600),
            max_connections,
            ..SandboxConfig::new(folder.path())
        };
        let sandbox = Sandbox::start(config).await.expect("sandbox");
        Self { sandbox, _folder: folder, _turn: turn }
    }

    /// A crowd that has connected and said these words, each of it.
    async fn crowd(&self, words: &str) -> Crowd {
        let url = self.sandbox.wire_url();
        let port = url.trim_end_matches("/ws/chat").rsplit(':').next().expect("a port").to_owned();
        let peers = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/crowd/peers.mjs");
        let mut process = Command::new("node")
            .args([peers, &port, &CROWD.to_string(), words])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let mut crowd = Crowd { lines, _process: process };
        crowd.counts("connected", CROWD).await;
        crowd
    }
}

/// Peers, in a process of their own: both ends in one would need twice as many descriptors.
struct Crowd {
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Crowd {
    /// Waits until it has counted so many.
    async fn counts(&mut self, what: &str, expected: usize) {
        let mut last = Value::Null;
        let counting = async {
            while last[what].as_u64() != u64::try_from(expected).ok() {
                let line = self.lines.next_line().await.expect("its output").expect("a line");
                last = serde_json::from_str(&line).expect("JSON");
            }
        };
        let counted = tokio::time::timeout(PATIENCE, counting).await;
        counted.unwrap_or_else(|_| panic!("{expected} {what} expected, the last it said is {last}"));
    }
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("statm");
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("pages");
    pages * rustix::param::page_size()
}

fn message(id: &str) -> Node {
    let enc = NodeBuilder::new("enc").attr("v", 2).attr("type", "msg").bytes(vec![1, 2, 3]).build();
    let to = NodeBuilder::new("to").attr("jid", Jid::pn_device(BOB, 1)).children([enc]).build();
    let participants = NodeBuilder::new("participants").children([to]).build();
    let message = NodeBuilder::new("message").attr("to", Jid::pn(BOB)).attr("id", id).attr("type", "text");
    message.children([participants]).build()
}

/// Alice writes to Bob, who gets it.
async fn is_served(alice: &mut Raw, bob: &mut Raw, id: &'static str) {
    alice.send(message(id)).await;
    alice.expect("ack", |node| node.tag == "ack" && has(node, "id", id)).await;
    bob.expect("message", |node| node.tag == "message" && has(node, "id", id)).await;
}

async fn linked(sandbox: &Sandbox) -> (Keys, Keys) {
    (Raw::link(sandbox, ALICE).await, Raw::link(sandbox, BOB).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_that_are_too_many_are_refused_while_others_are_served() {
    let place = Place::start(100).await;
    let (alice, bob) = linked(&place.sandbox).await;
    let mut alice = Raw::login(&place.sandbox, &alice, false).await;
    let mut bob = Raw::login(&place.sandbox, &bob, false).await;
    let before = resident();
    let mut crowd = place.crowd("").await;
    is_served(&mut alice, &mut bob, "IN-THE-CROWD").await;
    // Alice and Bob hold two of the hundred places.
    crowd.counts("closed", CROWD - 98).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB for peers that were refused", grown >> 20);
    is_served(&mut alice, &mut bob, "AFTERWARDS").await;
    place.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_that_say_nothing_cost_little_and_newcomers_are_served() {
    let place = Place::start(2 * CROWD).await;
    let (alice, bob) = linked(&place.sandbox).await;
    let mut bob = Raw::login(&place.sandbox, &bob, false).await;
    let before = resident();
    let _crowd = place.crowd("GET /ws/chat HTTP/1.1\r\nHost: ").await;
    // Who comes last is served like the first.
    let mut alice = Raw::login(&place.sandbox, &alice, false).await;
    is_served(&mut alice, &mut bob, "BEHIND-THE-CROWD").await;
    let each = resident().saturating_sub(before) / CROWD;
    assert!(each < PER_PEER, "{each} bytes for a peer that says nothing");
    place.sandbox.stop().await;
}
