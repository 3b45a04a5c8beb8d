//! A companion reduced to the wire: light enough that thousands fit into one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::{Context, Result, bail, ensure};
use buffa::{Message as _, MessageField};
use bytes::BytesMut;
use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::consts::WA_CONN_HEADER;
use wacore_binary::marshal::{marshal, unmarshal_ref};
use wacore_binary::util::unpack;
use wacore_binary::{Jid, Node, NodeContent};
use wacore_libsignal::protocol::KeyPair;
use wacore_noise::framing::{FrameDecoder, encode_frame};
use wacore_noise::{NoiseCipher, XxHandshakeState};
use waproto::codec::{
    adv_signed_device_identity_decode, adv_signed_device_identity_hmac_decode,
    adv_signed_device_identity_to_vec,
};
use waproto::whatsapp::ClientPayload;
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;

/// One-time keys that it uploads: enough for its phone, and little to store.
const PRE_KEYS: u8 = 3;
/// Bytes of a sealed message: a short text in a running session.
const SEALED: usize = 180;

/// What companions have seen so far, all together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Messages acknowledged by the network.
    pub(crate) accepted: AtomicUsize,
    /// Messages acknowledged by their recipients.
    pub(crate) delivered: AtomicUsize,
    bell: Notify,
}

impl Tally {
    fn count(&self, counter: &AtomicUsize) {
        counter.fetch_add(1, Ordering::Relaxed);
        self.bell.notify_waiters();
    }

    /// Waits until a counter has come so far.
    pub(crate) async fn reach(&self, counter: &AtomicUsize, count: usize) {
        loop {
            let rung = self.bell.notified();
            if counter.load(Ordering::Relaxed) >= count {
                return;
            }
            rung.await;
        }
    }
}

/// Keys of a linked companion.
pub(crate) struct Keys {
    number: String,
    noise: KeyPair,
    skey: KeyPair,
    signature: Vec<u8>,
    device: u16,
}

/// A companion that is logged in; its task acknowledges whatever comes.
pub(crate) struct Companion {
    outbox: mpsc::Sender<Node>,
}

/// An encrypted stream.
struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    frames: FrameDecoder,
    write: NoiseCipher,
    read: NoiseCipher,
    sent: u32,
    received: u32,
}

impl Keys {
    /// Links a new companion to a number; `scan` is given the text of its QR code.
    pub(crate) async fn link<F>(wire: &str, number: String, scan: impl FnOnce(String) -> F) -> Result<Self>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        use base64::Engine;
        let base64 = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
        let mut rng = rand::rng();
        let (noise, identity, skey) =
            (KeyPair::generate(&mut rng), KeyPair::generate(&mut rng), KeyPair::generate(&mut rng));
        let signature = identity.calculate_signature(&skey.public_key.serialize(), &mut rng)?.to_vec();
        let mut line = Line::open(wire, &noise, &registration(&identity, &skey, &signature)).await?;
        let offer =
            line.expect("pair-device", |node| node.get_optional_child("pair-device").is_some()).await?;
        let references = offer.get_optional_child("pair-device").context("pair-device")?;
        let reference = references.get_children_by_tag("ref").next().and_then(Node::content_as_string);
        let qr = format!(
            "{},{},{},{}",
            reference.context("ref")?,
            base64(noise.public_key.public_key_bytes()),
            base64(identity.public_key.public_key_bytes()),
            base64(&[7; 32]),
        );
        let scanned = tokio::spawn(scan(qr));
        let success =
            line.expect("pair-success", |node| node.get_optional_child("pair-success").is_some()).await?;
        let device = success.get_optional_child_by_tag(&["pair-success", "device"]).context("device")?;
        let device = device.attrs.get("jid").and_then(|jid| jid.to_jid()).context("jid")?.device;
        line.send(&countersigned(&success, &identity)?).await?;
        scanned.await??;
        line.expect("restart", |node| node.tag == "stream:error").await?;
        Ok(Self { number, noise, skey, signature, device })
    }

    /// Logs in, uploads keys when it is `new`, and from then on acknowledges what comes.
    pub(crate) async fn login(&self, wire: &str, new: bool, tally: &Arc<Tally>) -> Result<Companion> {
        let payload = ClientPayload {
            username: Some(self.number.parse()?),
            device: Some(u32::from(self.device)),
            passive: Some(false),
            ..Default::default()
        };
        let mut line = Line::open(wire, &self.noise, &payload).await?;
        line.expect("success", |node| node.tag == "success").await?;
        if new {
            line.send(&self.key_upload()).await?;
        }
        // The first line of what follows a login that nothing waits for.
        line.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await?;
        let (outbox, inbox) = mpsc::channel(64);
        tokio::spawn(line.serve(inbox, Arc::clone(tally)));
        Ok(Companion { outbox })
    }

    fn key_upload(&self) -> Node {
        let part = |tag: &'static str, bytes: &[u8]| NodeBuilder::new(tag).bytes(bytes.to_vec()).build();
        let keys = (1..=PRE_KEYS).map(|id| {
            NodeBuilder::new("key").children([part("id", &[0, 0, id]), part("value", &[id; 32])]).build()
        });
        let skey = [
            part("id", &[0, 0, 1]),
            part("value", self.skey.public_key.public_key_bytes()),
            part("signature", &self.signature),
        ];
        let children = [
            part("registration", &[0, 0, 1, 2]),
            NodeBuilder::new("list").children(keys).build(),
            NodeBuilder::new("skey").children(skey).build(),
        ];
        NodeBuilder::new("iq")
            .attr("xmlns", "encrypt")
            .attr("type", "set")
            .attr("id", "keys")
            .attr("to", "s.whatsapp.net")
            .children(children)
            .build()
    }
}

impl Companion {
    /// Sends a message to the phone of a number.
    pub(crate) async fn say(&self, number: &str) -> Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = format!("3EB0{:016X}", NEXT.fetch_add(1, Ordering::Relaxed));
        let to = Jid::pn(number);
        let enc = NodeBuilder::new("enc").attr("v", 2).attr("type", "msg").bytes(vec![7; SEALED]).build();
        let share = NodeBuilder::new("to").attr("jid", to.clone()).children([enc]).build();
        let participants = NodeBuilder::new("participants").children([share]).build();
        let message = NodeBuilder::new("message").attr("to", to).attr("id", id).attr("type", "text");
        self.outbox.send(message.children([participants]).build()).await.context("the companion is gone")
    }
}

impl Line {
    async fn open(wire: &str, noise: &KeyPair, payload: &ClientPayload) -> Result<Self> {
        let config = WebSocketConfig::default().read_buffer_size(4096);
        let (mut socket, _) = connect_async_with_config(wire, Some(config), true).await?;
        let mut xx = XxHandshakeState::new(noise.clone(), payload.encode_to_vec(), &WA_CONN_HEADER)?;
        let hello = encode_frame(&xx.build_client_hello()?, Some(&WA_CONN_HEADER))?;
        socket.send(Message::Binary(hello.into())).await?;
        let mut frames = FrameDecoder::new();
        let hello = next_frame(&mut socket, &mut frames).await?;
        let finish = encode_frame(&xx.read_server_hello_and_build_client_finish(&hello)?, None)?;
        socket.send(Message::Binary(finish.into())).await?;
        let done = xx.finish()?;
        let (write, read) = (done.write_cipher, done.read_cipher);
        Ok(Self { socket, frames, write, read, sent: 0, received: 0 })
    }

    fn sealed(&mut self, node: &Node) -> Result<Message> {
        let sealed = self.write.encrypt_with_counter(self.sent, &marshal(node)?)?;
        self.sent += 1;
        Ok(Message::Binary(encode_frame(&sealed, None)?.into()))
    }

    async fn send(&mut self, node: &Node) -> Result<()> {
        let message = self.sealed(node)?;
        Ok(self.socket.send(message).await?)
    }

    async fn receive(&mut self) -> Result<Node> {
        let mut frame = next_frame(&mut self.socket, &mut self.frames).await?;
        self.read.decrypt_in_place_with_counter(self.received, &mut frame)?;
        self.received += 1;
        Ok(unmarshal_ref(&unpack(&frame)?)?.to_owned())
    }

    /// Skips to a stanza, acknowledging what comes before it.
    async fn expect(&mut self, what: &str, is: impl Fn(&Node) -> bool) -> Result<Node> {
        loop {
            let node = self.receive().await.with_context(|| format!("waiting for {what}"))?;
            if is(&node) {
                return Ok(node);
            }
            ensure!(node.tag != "failure", "refused instead of {what}: {node:?}");
            if let Some(ack) = ack(&node) {
                self.send(&ack).await?;
            }
        }
    }

    /// Sends what is in the outbox and acknowledges what comes, until either side ends.
    async fn serve(mut self, mut outbox: mpsc::Receiver<Node>, tally: Arc<Tally>) {
        let mut batch = Vec::with_capacity(64);
        loop {
            let done = tokio::select! {
                count = outbox.recv_many(&mut batch, 64) => {
                    if count == 0 { return }
                    self.send_all(batch.drain(..)).await
                }
                node = self.receive() => match node {
                    Ok(node) => self.take(&node, &tally).await,
                    Err(error) => Err(error),
                },
            };
            if done.is_err() {
                return;
            }
        }
    }

    async fn send_all(&mut self, nodes: impl Iterator<Item = Node>) -> Result<()> {
        for node in nodes {
            let message = self.sealed(&node)?;
            self.socket.feed(message).await?;
        }
        Ok(self.socket.flush().await?)
    }

    async fn take(&mut self, node: &Node, tally: &Tally) -> Result<()> {
        match node.tag.as_ref() {
            "ack" if node.attrs.contains_key("error") => bail!("refused: {node:?}"),
            "ack" => tally.count(&tally.accepted),
            "receipt" => tally.count(&tally.delivered),
            _ => {}
        }
        match ack(node) {
            Some(ack) => self.send(&ack).await,
            None => Ok(()),
        }
    }
}

/// The acknowledgement of a stanza that wants one.
fn ack(node: &Node) -> Option<Node> {
    if !matches!(node.tag.as_ref(), "message" | "receipt" | "notification" | "call") {
        return None;
    }
    let mut ack = NodeBuilder::new("ack").attr("class", node.tag.as_ref());
    for (from, to) in [("id", "id"), ("from", "to"), ("type", "type"), ("participant", "participant")] {
        if let Some(value) = node.attrs.get(from).filter(|_| from != "type" || node.tag != "message") {
            ack = ack.attr(to, value.clone());
        }
    }
    Some(ack.build())
}

fn registration(identity: &KeyPair, skey: &KeyPair, signature: &[u8]) -> ClientPayload {
    ClientPayload {
        device_pairing_data: MessageField::some(DevicePairingRegistrationData {
            e_regid: Some(vec![0, 0, 1, 2]),
            e_ident: Some(identity.public_key.public_key_bytes().to_vec()),
            e_skey_id: Some(vec![0, 0, 1]),
            e_skey_val: Some(skey.public_key.public_key_bytes().to_vec()),
            e_skey_sig: Some(signature.to_vec()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The answer to pair-success.
fn countersigned(success: &Node, identity: &KeyPair) -> Result<Node> {
    let container = success.get_optional_child_by_tag(&["pair-success", "device-identity"]);
    let Some(NodeContent::Bytes(container)) = container.and_then(|node| node.content.as_ref()) else {
        bail!("pair-success without an identity");
    };
    let hmac = adv_signed_device_identity_hmac_decode(container)?;
    let mut signed = adv_signed_device_identity_decode(&hmac.details.context("details")?)?;
    let mut message = vec![6, 1];
    message.extend(signed.details.as_deref().context("details")?);
    message.extend_from_slice(identity.public_key.public_key_bytes());
    message.extend(signed.account_signature_key.as_deref().context("account key")?);
    signed.device_signature = Some(identity.calculate_signature(&message, &mut rand::rng())?.to_vec());
    let signed =
        NodeBuilder::new("device-identity").bytes(adv_signed_device_identity_to_vec(&signed)).build();
    let sign = NodeBuilder::new("pair-device-sign").children([signed]).build();
    let id = success.attrs.get("id").cloned().context("id")?;
    Ok(NodeBuilder::new("iq").attr("type", "result").attr("id", id).children([sign]).build())
}

async fn next_frame(
    socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>,
    frames: &mut FrameDecoder,
) -> Result<BytesMut> {
    loop {
        if let Some(frame) = frames.decode_frame() {
            return Ok(frame);
        }
        match socket.next().await.context("closed")?? {
            Message::Binary(bytes) => frames.feed(&bytes),
            Message::Close(_) => bail!("closed"),
            _ => {}
        }
    }
}
