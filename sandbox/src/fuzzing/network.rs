//! A running network that is given stanzas, and what must hold of everything it says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;
use wacore_binary::Node;
use wacore_binary::marshal::unmarshal_ref;
use wacore_libsignal::protocol::KeyPair;
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;

use super::grammar::Source;
use crate::core::Core;
use crate::handlers;
use crate::nodes::text;
use crate::pairing::{Link, Registration};
use crate::router::Origin;
use crate::state::DeviceRow;
use crate::stream::Stage;
use crate::wire::{Conn, Dictionary, Outgoing, codec_for, decode_stored};
use crate::{Sandbox, SandboxConfig};

/// Accounts of the network.
const NUMBERS: [&str; 3] = ["4915110000001", "4915110000002", "4915110000003"];
/// Stanzas of one input.
const LONGEST: usize = 12;
/// Stanzas kept for a device: few, so that their trimming is part of it.
const QUEUE: u32 = 50;

/// A client without a socket.
struct Guest {
    stage: Stage,
    conn: Arc<Conn>,
    inbox: UnboundedReceiver<Outgoing>,
}

/// A network with two linked companions and one that waits to be linked.
pub struct Network {
    runtime: Runtime,
    sandbox: Sandbox,
    guests: Vec<Guest>,
    users: Vec<String>,
}

impl Network {
    /// Starts one on an empty folder.
    ///
    /// # Errors
    /// When the sandbox cannot start.
    pub fn start(folder: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let config = SandboxConfig { on_demand: false, queue_limit: QUEUE, ..SandboxConfig::new(folder) };
        let sandbox = runtime.block_on(Sandbox::start(config))?;
        let mut users = Vec::new();
        for number in NUMBERS {
            let account = runtime.block_on(sandbox.core().make(number))?;
            users.extend([account.info.pn.clone(), account.info.lid.clone()]);
        }
        let mut network = Self { runtime, sandbox, guests: Vec::new(), users };
        let core = Arc::clone(network.sandbox.core());
        network.guests = network.runtime.block_on(async {
            Ok::<_, anyhow::Error>(vec![
                online(&core, NUMBERS[0]).await?,
                online(&core, NUMBERS[1]).await?,
                waiting(&core)?,
            ])
        })?;
        Ok(network)
    }

    /// Gives it what an input stands for. The first byte says how to read the rest: as one payload
    /// of a client, or as choices of a grammar, several stanzas one after the other.
    pub fn play(&mut self, input: &[u8]) {
        let Some((how, bytes)) = input.split_first() else { return };
        if how % 2 == 0 {
            let dictionary = if how % 4 == 0 { Dictionary::V2 } else { Dictionary::V3 };
            if let Ok(node) = codec_for(dictionary).decode(bytes.into()) {
                self.give(how / 4, node);
            }
        } else {
            let users = self.users.clone();
            let mut source = Source::new(bytes, &users);
            for _ in 0..LONGEST {
                if source.is_empty() {
                    break;
                }
                let from = source.byte();
                self.give(from, source.stanza());
            }
        }
        self.settle();
    }

    /// One stanza: from a guest, to a phone's queue, or from a phone.
    fn give(&mut self, from: u8, node: Node) {
        let core = Arc::clone(self.sandbox.core());
        let number = NUMBERS[usize::from(from) % NUMBERS.len()];
        // What a phone refuses, it refuses; only a panic counts.
        match usize::from(from) % 6 {
            3 => drop(self.runtime.block_on(async { core.phones()?.deliver(number, node).await })),
            4 => drop(self.runtime.block_on(handlers::query(&core, number, node))),
            5 => drop(self.runtime.block_on(handlers::submit(&core, number, node))),
            guest => {
                let Some(guest) = self.guests.get_mut(guest) else { return };
                drop(guest.said());
                let kind = text(&node, "type").unwrap_or_default();
                let asked =
                    (node.tag == "iq" && kind != "result" && kind != "error").then(|| text(&node, "id"));
                self.runtime.block_on(handlers::dispatch(&core, &guest.conn, &guest.stage, node));
                if let Some(id) = asked {
                    let said = guest.said();
                    let answers = said.iter().filter(|node| is_answer(node) && text(node, "id") == id);
                    assert_eq!(answers.count(), 1, "every request has one answer: {said:?}");
                }
            }
        }
    }

    /// Lets everything that was begun come to its end; guests that were thrown out come back.
    fn settle(&mut self) {
        let core = Arc::clone(self.sandbox.core());
        for guest in &mut self.guests {
            drop(guest.said());
            let closed = guest.conn.gone.is_cancelled();
            let unlinked =
                matches!(&guest.stage, Stage::Online(origin) if !origin.account.has(origin.device));
            if closed || unlinked {
                let again = self.runtime.block_on(async {
                    match &guest.stage {
                        Stage::Online(origin) => online(&core, &origin.account.info.pn).await,
                        Stage::Pairing(_) => waiting(&core),
                    }
                });
                *guest = again.unwrap_or_else(|error| panic!("no new guest: {error:#}"));
            }
        }
        // Through the journal and back: every write before it is committed.
        let committed = self.runtime.block_on(core.advance(Duration::ZERO));
        assert!(committed.is_ok(), "the journal fails: {committed:?}");
        for guest in &mut self.guests {
            drop(guest.said());
        }
    }
}

impl Guest {
    /// What it was sent since the last time; each stanza can be read by clients of both dictionaries.
    fn said(&mut self) -> Vec<Node> {
        let mut said = Vec::new();
        while let Ok(outgoing) = self.inbox.try_recv() {
            self.conn.written(1);
            match outgoing {
                Outgoing::Node(node) => said.push(node),
                Outgoing::Stored(stored) => {
                    said.push(decode_stored(&stored).unwrap_or_else(|e| panic!("{e:#}")));
                }
                Outgoing::Close(_) => self.conn.gone.cancel(),
            }
        }
        for node in &said {
            for dictionary in [Dictionary::V2, Dictionary::V3] {
                let written = codec_for(dictionary).encode(node);
                let written = written.unwrap_or_else(|error| panic!("{error:#} in {node:?}"));
                let read = codec_for(dictionary).decode(BytesMut::from(&written[..]));
                assert!(read.is_ok(), "{dictionary:?} cannot read {node:?}");
                let theirs = dictionary == Dictionary::V2 || unmarshal_ref(&written[1..]).is_ok();
                assert!(theirs, "a client cannot read {node:?}");
            }
        }
        said
    }
}

fn is_answer(node: &Node) -> bool {
    node.tag == "iq" && matches!(text(node, "type").as_deref(), Some("result" | "error"))
}

/// A companion that is linked and logged in, without the ceremony.
async fn online(core: &Arc<Core>, number: &str) -> Result<Guest> {
    let account = core.make(number).await?;
    let device = match account.companions().first() {
        Some(linked) => linked.device,
        None => {
            let slot = core.allot_slot(&account).await?;
            let row = DeviceRow {
                device: slot.device,
                key_index: slot.key_index,
                registration_id: 1,
                identity: [1; 32],
                noise: [2; 32],
                signed_pre_key: (1, [3; 32], [4; 64]),
                signed_identity: Bytes::from_static(b"signed"),
                device_props: Bytes::new(),
                ready: true,
                push_name: None,
            };
            core.add_device(&account, row).await?;
            slot.device
        }
    };
    let origin = Origin { account, device };
    let (conn, inbox) = Conn::unwired();
    core.attach_device(origin.key(), &conn, false, false).await?;
    Ok(Guest { stage: Stage::Online(origin), conn, inbox })
}

/// A companion that shows a QR code.
fn waiting(core: &Arc<Core>) -> Result<Guest> {
    let mut rng = rand::rng();
    let (identity, skey) = (KeyPair::generate(&mut rng), KeyPair::generate(&mut rng));
    let signature = identity.private_key.calculate_signature(&skey.public_key.serialize(), &mut rng)?;
    let data = DevicePairingRegistrationData {
        e_regid: Some(vec![0, 0, 1, 2]),
        e_ident: Some(identity.public_key.public_key_bytes().to_vec()),
        e_skey_id: Some(vec![0, 0, 1]),
        e_skey_val: Some(skey.public_key.public_key_bytes().to_vec()),
        e_skey_sig: Some(signature.to_vec()),
        ..Default::default()
    };
    let registration = Registration::read(&data, [5; 32]).context("its registration")?;
    let (conn, inbox) = Conn::unwired();
    let link = Arc::new(Link::new(Arc::clone(&conn), registration, core.clock.moment()));
    core.pairings.add(&link);
    link.offer();
    Ok(Guest { stage: Stage::Pairing(link), conn, inbox })
}
