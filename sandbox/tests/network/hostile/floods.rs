//! Too many of what is allowed.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use wacore_libsignal::protocol::KeyPair;

use wagate_sandbox::{Sandbox, SandboxConfig};

use crate::Lan;
use crate::client::Client;
use crate::raw::{Keys, Raw, has};

const VICTIM: &str = "4915640000001";
const FRIEND: &str = "4915640000002";
const ATTACKER: &str = "4915640000003";
/// Requests that no system's buffers can hold.
const FLOOD: usize = 200_000;

async fn is_served(client: &Client) {
    let id = client.say(FRIEND, "still here").await;
    client.receipt(&id, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_with_wrong_keys_are_refused_while_others_are_served() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, VICTIM).await;
    let number: u64 = VICTIM.parse().expect("number");
    let right = Raw::link(&lan.sandbox, ATTACKER).await;
    let logins = FuturesUnordered::new();
    for n in 0..300 {
        let noise = KeyPair::generate(&mut rand::rng());
        // The victim's device, one that it does not have, and numbers that nobody has.
        let (number, device) = match n % 3 {
            0 => (number, 1),
            1 => (number, 77),
            _ => (4_915_650_000_000 + n, 1),
        };
        let keys = Keys { noise, skey: right.skey.clone(), signature: Vec::new(), number, device };
        let sandbox = &lan.sandbox;
        logins.push(async move {
            let mut raw = Raw::try_login(sandbox, &keys).await;
            raw.expect("refusal", |node| node.tag == "failure" && has(node, "reason", "401")).await;
            raw.closed().await;
        });
    }
    let flood = logins.collect::<Vec<()>>();
    tokio::join!(flood, is_served(&client));
    let stranger = lan.sandbox.network().account(&Jid::pn("4915650000002")).await.expect("lookup");
    assert!(stranger.is_none(), "a login makes no phone");
    is_served(&client).await;
}

/// Asks for numbers from `first` on; returns how many of them exist.
async fn exist(raw: &mut Raw, first: u64, count: u64) -> usize {
    let users = (first..first + count).map(|n| {
        let contact = NodeBuilder::new("contact").string_content(format!("+{n}")).build();
        NodeBuilder::new("user").children([contact]).build()
    });
    let query = NodeBuilder::new("query").children([NodeBuilder::new("contact").build()]).build();
    let list = NodeBuilder::new("list").children(users).build();
    let usync = NodeBuilder::new("usync").attr("mode", "query").attr("context", "interactive");
    let (answer, _) = raw.ask("usync", "get", usync.children([query, list]).build()).await;
    let list = answer.get_optional_child_by_tag(&["usync", "list"]).expect("list");
    let contacts = list.get_children_by_tag("user").filter_map(|user| user.get_optional_child("contact"));
    contacts.filter(|contact| has(contact, "type", "in")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_numbers_get_phones_until_there_are_enough() {
    let folder = tempfile::tempdir().expect("folder");
    let config = SandboxConfig { max_phones: 1001, ..SandboxConfig::new(folder.path()) };
    let sandbox = Sandbox::start(config).await.expect("sandbox");
    let keys = Raw::link(&sandbox, ATTACKER).await;
    let mut raw = Raw::login(&sandbox, &keys, false).await;
    // The attacker's phone is one of them.
    assert_eq!(exist(&mut raw, 4_915_680_000_000, 700).await, 700);
    assert_eq!(exist(&mut raw, 4_915_690_000_000, 700).await, 300);
    assert_eq!(exist(&mut raw, 4_915_680_000_000, 700).await, 700, "they stay");
    let client = Client::linked(&sandbox, VICTIM).await;
    let id = client.say("4915680000000", "hello").await;
    client.receipt(&id, "Delivered").await;
    sandbox.stop().await;
}

/// A request whose answer is as long as itself: it repeats the id.
fn ping(n: usize) -> Node {
    let ping = NodeBuilder::new("ping").build();
    let iq = NodeBuilder::new("iq").attr("xmlns", "w:p").attr("type", "get").attr("id", long_id(n));
    iq.attr("to", "s.whatsapp.net").children([ping]).build()
}

fn long_id(n: usize) -> String {
    format!("{n:02000}")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_and_never_reads_is_not_listened_to() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, VICTIM).await;
    let keys = Raw::link(&lan.sandbox, ATTACKER).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let mut asked = 0;
    // Once the sandbox has stopped reading, what is sent finds no room at last.
    while tokio::time::timeout(Duration::from_secs(2), raw.send(ping(asked))).await.is_ok() {
        asked += 1;
        assert!(asked < FLOOD, "everything was taken");
    }
    is_served(&client).await;
    // Who reads again gets all answers, in order.
    for n in 0..asked {
        let id = long_id(n);
        let answer = raw.expect("answer", |node| node.tag == "iq" && has(node, "type", "result")).await;
        assert!(has(&answer, "id", &id), "{id} expected: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_everybody_makes_no_phones() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ATTACKER).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let to = (0..5000_u64).map(|n| {
        let enc = NodeBuilder::new("enc").attr("type", "msg").attr("v", 2).bytes(vec![1]).build();
        let jid = Jid::pn((4_915_660_000_000 + n).to_string());
        NodeBuilder::new("to").attr("jid", jid).children([enc]).build()
    });
    let participants = NodeBuilder::new("participants").children(to).build();
    let message =
        NodeBuilder::new("message").attr("to", Jid::pn(FRIEND)).attr("id", "M").attr("type", "text");
    raw.send(message.children([participants]).build()).await;
    raw.expect("ack", |node| node.tag == "ack" && has(node, "id", "M")).await;
    for n in [0_u64, 2500, 4999] {
        let jid = Jid::pn((4_915_660_000_000 + n).to_string());
        let account = lan.sandbox.network().account(&jid).await.expect("lookup");
        assert!(account.is_none(), "{jid} was made");
    }
}
