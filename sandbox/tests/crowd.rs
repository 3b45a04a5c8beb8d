//! Thousands of peers that connect and do nothing. In a program of its own, so that nothing else
//! is measured.
#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "network/raw.rs"]
mod raw;

use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use wagate_sandbox::{Sandbox, SandboxConfig};

use raw::{Keys, Raw, has};

/// Peers of a crowd, fewer where the process may not open so many files: both ends are in it.
const CROWD: usize = 10_000;
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

    async fn connect(&self) -> TcpStream {
        let url = self.sandbox.wire_url();
        let address = url.trim_start_matches("ws://").trim_end_matches("/ws/chat");
        TcpStream::connect(address).await.expect("connect")
    }
}

/// How many peers the process has descriptors for; the sandbox has raised the limit.
fn crowd() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit / 2).unwrap_or(usize::MAX).saturating_sub(300).min(CROWD)
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
    let (mut held, mut closed) = (Vec::new(), 0);
    for _ in 0..crowd() {
        held.push(place.connect().await);
    }
    is_served(&mut alice, &mut bob, "IN-THE-CROWD").await;
    // All but those who found a place are closed, and that can be waited for.
    while held.len() > 98 {
        let mut next = Vec::new();
        for mut peer in held {
            match tokio::time::timeout(Duration::from_millis(1), peer.read_u8()).await {
                Ok(_) => closed += 1,
                Err(_) => next.push(peer),
            }
        }
        held = next;
    }
    assert_eq!(held.len(), 98, "besides Alice and Bob; {closed} were closed");
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
    let (crowd, before) = (crowd(), resident());
    let mut held = Vec::with_capacity(crowd);
    for _ in 0..crowd {
        let mut peer = place.connect().await;
        peer.write_all(b"GET /ws/chat HTTP/1.1\r\nHost: ").await.expect("write");
        held.push(peer);
    }
    // Who comes last is served like the first.
    let mut alice = Raw::login(&place.sandbox, &alice, false).await;
    is_served(&mut alice, &mut bob, "BEHIND-THE-CROWD").await;
    let each = resident().saturating_sub(before) / crowd;
    assert!(each < PER_PEER, "{each} bytes for a peer that says nothing");
    place.sandbox.stop().await;
}
