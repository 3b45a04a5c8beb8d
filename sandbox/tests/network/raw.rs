//! A client reduced to the wire: stanzas in, stanzas out, nothing done by itself.

use std::time::Duration;

use buffa::{Message as _, MessageField};
use bytes::BytesMut;
use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::consts::WA_CONN_HEADER;
use wacore_binary::marshal::{marshal, unmarshal_ref};
use wacore_binary::util::unpack;
use wacore_binary::{Node, NodeContent};
use wacore_libsignal::protocol::KeyPair;
use wacore_noise::framing::{FrameDecoder, encode_frame};
use wacore_noise::{NoiseCipher, XxHandshakeState, build_edge_routing_preintro};
use wagate_sandbox::Sandbox;
use waproto::codec::{
    adv_signed_device_identity_decode, adv_signed_device_identity_hmac_decode,
    adv_signed_device_identity_to_vec,
};
use waproto::whatsapp::ClientPayload;
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;

const PATIENCE: Duration = Duration::from_secs(10);

/// An encrypted stream.
pub(crate) struct Raw {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    frames: FrameDecoder,
    write: NoiseCipher,
    read: NoiseCipher,
    sent: u32,
    received: u32,
    requests: u32,
    /// The server's static Noise key.
    pub(crate) server: [u8; 32],
}

/// Keys of a linked device.
pub(crate) struct Keys {
    pub(crate) noise: KeyPair,
    pub(crate) skey: KeyPair,
    pub(crate) signature: Vec<u8>,
    pub(crate) number: u64,
    pub(crate) device: u16,
}

impl Raw {
    async fn connect(sandbox: &Sandbox, noise: &KeyPair, payload: &ClientPayload) -> Self {
        let (mut socket, _) = connect_async(sandbox.wire_url()).await.expect("upgrade");
        let mut xx =
            XxHandshakeState::new(noise.clone(), payload.encode_to_vec(), &WA_CONN_HEADER).expect("noise");
        let mut first = build_edge_routing_preintro(b"route").expect("prefix");
        first.extend_from_slice(&WA_CONN_HEADER);
        first.extend(encode_frame(&xx.build_client_hello().expect("hello"), None).expect("frame"));
        // Byte by byte: message borders mean nothing.
        for byte in first {
            socket.send(Message::Binary(vec![byte].into())).await.expect("send");
        }
        let mut frames = FrameDecoder::new();
        let hello = next_frame(&mut socket, &mut frames).await.expect("server hello");
        let finish = xx.read_server_hello_and_build_client_finish(&hello).expect("server hello");
        let finish = encode_frame(&finish, None).expect("frame");
        socket.send(Message::Binary(finish.into())).await.expect("send");
        let done = xx.finish().expect("keys");
        let (write, read, server) = (done.write_cipher, done.read_cipher, done.server_cert_chain.leaf_key);
        Self { socket, frames, write, read, sent: 0, received: 0, requests: 0, server }
    }

    /// Asks to be linked, with fresh keys: Noise, identity, signed pre-key. Returns the references
    /// it is offered.
    pub(crate) async fn register(sandbox: &Sandbox) -> (Self, [KeyPair; 3], Vec<String>) {
        let mut rng = rand::rng();
        let (noise, identity, skey) =
            (KeyPair::generate(&mut rng), KeyPair::generate(&mut rng), KeyPair::generate(&mut rng));
        let signature =
            identity.calculate_signature(&skey.public_key.serialize(), &mut rng).expect("signature");
        let payload = ClientPayload {
            device_pairing_data: MessageField::some(DevicePairingRegistrationData {
                e_regid: Some(vec![0, 0, 1, 2]),
                e_ident: Some(identity.public_key.public_key_bytes().to_vec()),
                e_skey_id: Some(vec![0, 0, 1]),
                e_skey_val: Some(skey.public_key.public_key_bytes().to_vec()),
                e_skey_sig: Some(signature.to_vec()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let mut raw = Self::connect(sandbox, &noise, &payload).await;
        let offer = raw.expect("pair-device", |node| node.get_optional_child("pair-device").is_some()).await;
        let refs = offer.get_optional_child("pair-device").expect("pair-device");
        let references = refs.get_children_by_tag("ref").filter_map(Node::content_as_string);
        let references = references.map(|reference| reference.to_string()).collect();
        (raw, [noise, identity, skey], references)
    }

    /// Links a new device to a number.
    pub(crate) async fn link(sandbox: &Sandbox, number: &str) -> Keys {
        let mut rng = rand::rng();
        let (mut raw, [noise, identity, skey], references) = Self::register(sandbox).await;
        let signature =
            identity.calculate_signature(&skey.public_key.serialize(), &mut rng).expect("signature");
        let reference = references.into_iter().next().expect("ref");
        let network = sandbox.network();
        let phone = number.to_owned();
        let linking = tokio::spawn(async move { network.link_by_qr(&phone, &reference, [7; 32]).await });
        let success =
            raw.expect("pair-success", |node| node.get_optional_child("pair-success").is_some()).await;
        let container =
            bytes(success.get_optional_child_by_tag(&["pair-success", "device-identity"]).expect("identity"));
        let hmac = adv_signed_device_identity_hmac_decode(container).expect("container");
        let mut signed =
            adv_signed_device_identity_decode(&hmac.details.expect("details")).expect("identity");
        let mut message = vec![6, 1];
        message.extend(signed.details.as_deref().expect("details"));
        message.extend_from_slice(identity.public_key.public_key_bytes());
        // Some clients strip the account's key from their answer; the network must put it back.
        message.extend(signed.account_signature_key.take().expect("account key"));
        let own = identity.calculate_signature(&message, &mut rng).expect("signature");
        signed.device_signature = Some(own.to_vec());
        let identity =
            NodeBuilder::new("device-identity").bytes(adv_signed_device_identity_to_vec(&signed)).build();
        let sign = NodeBuilder::new("pair-device-sign").children([identity]).build();
        let id = success.attrs.get("id").cloned().expect("id");
        raw.send(NodeBuilder::new("iq").attr("type", "result").attr("id", id).children([sign]).build()).await;
        let device = linking.await.expect("task").expect("link").device;
        raw.expect("restart", |node| node.tag == "stream:error").await;
        raw.closed().await;
        Keys { noise, skey, signature: signature.to_vec(), number: number.parse().expect("number"), device }
    }

    /// Logs in; returns after `<success>`.
    pub(crate) async fn login(sandbox: &Sandbox, keys: &Keys, passive: bool) -> Self {
        let payload = ClientPayload {
            username: Some(keys.number),
            device: Some(u32::from(keys.device)),
            passive: Some(passive),
            ..Default::default()
        };
        let mut raw = Self::connect(sandbox, &keys.noise, &payload).await;
        raw.expect("success", |node| node.tag == "success").await;
        raw
    }

    /// Sends a login payload, whatever comes of it.
    pub(crate) async fn try_login(sandbox: &Sandbox, keys: &Keys) -> Self {
        let device = Some(u32::from(keys.device));
        let payload = ClientPayload { username: Some(keys.number), device, ..Default::default() };
        Self::connect(sandbox, &keys.noise, &payload).await
    }

    pub(crate) async fn send(&mut self, node: Node) {
        self.send_payload(&marshal(&node).expect("node")).await;
    }

    /// Sends bytes in place of a stanza.
    pub(crate) async fn send_payload(&mut self, payload: &[u8]) {
        let sealed = self.write.encrypt_with_counter(self.sent, payload).expect("seal");
        self.sent += 1;
        let frame = encode_frame(&sealed, None).expect("frame");
        self.socket.send(Message::Binary(frame.into())).await.expect("send");
    }

    /// Sends a WebSocket message of any kind as it is; the server may close meanwhile.
    pub(crate) async fn send_message(&mut self, message: Message) -> Result<(), tungstenite::Error> {
        self.socket.send(message).await
    }

    /// A stanza as the bytes of its frame.
    pub(crate) fn frame(&mut self, node: &Node) -> Vec<u8> {
        let sealed = self.write.encrypt_with_counter(self.sent, &marshal(node).expect("node")).expect("seal");
        self.sent += 1;
        encode_frame(&sealed, None).expect("frame")
    }

    /// The next stanza; `None` when the server has closed.
    async fn receive(&mut self) -> Option<Node> {
        let next = next_frame(&mut self.socket, &mut self.frames);
        let mut frame = tokio::time::timeout(PATIENCE, next).await.expect("a stanza")?;
        self.read.decrypt_in_place_with_counter(self.received, &mut frame).expect("open");
        self.received += 1;
        Some(unmarshal_ref(&unpack(&frame).expect("payload")).expect("node").to_owned())
    }

    /// Skips to a stanza.
    pub(crate) async fn expect(&mut self, what: &str, is: impl Fn(&Node) -> bool) -> Node {
        self.collect(what, is).await.pop().expect("the stanza itself")
    }

    /// All stanzas up to and including one.
    pub(crate) async fn collect(&mut self, what: &str, is: impl Fn(&Node) -> bool) -> Vec<Node> {
        let mut seen = Vec::new();
        loop {
            let node = self.receive().await.unwrap_or_else(|| panic!("closed before {what}: {seen:#?}"));
            let found = is(&node);
            seen.push(node);
            if found {
                return seen;
            }
        }
    }

    /// Waits until the server has closed, whatever it says before.
    pub(crate) async fn closed(&mut self) {
        while self.receive().await.is_some() {}
    }

    /// Uploads one-time keys with the signed key of its registration.
    pub(crate) async fn upload_keys(&mut self, keys: &Keys, count: u8) {
        let skey = [
            NodeBuilder::new("id").bytes(vec![0, 0, 1]).build(),
            NodeBuilder::new("value").bytes(keys.skey.public_key.public_key_bytes()).build(),
            NodeBuilder::new("signature").bytes(keys.signature.clone()).build(),
        ];
        let children = vec![
            NodeBuilder::new("registration").bytes(vec![0, 0, 1, 2]).build(),
            key_upload(count),
            NodeBuilder::new("skey").children(skey).build(),
        ];
        let (answer, _) = self.request("encrypt", "set", children).await;
        assert!(has(&answer, "type", "result"), "{answer:?}");
    }

    /// Sends a request and returns its answer and what came before it.
    pub(crate) async fn ask(
        &mut self,
        xmlns: &'static str,
        kind: &'static str,
        child: Node,
    ) -> (Node, Vec<Node>) {
        self.request(xmlns, kind, vec![child]).await
    }

    async fn request(
        &mut self,
        xmlns: &'static str,
        kind: &'static str,
        children: Vec<Node>,
    ) -> (Node, Vec<Node>) {
        self.requests += 1;
        let id = format!("q{}", self.requests);
        let iq = NodeBuilder::new("iq").attr("xmlns", xmlns).attr("type", kind).attr("id", id.as_str());
        self.send(iq.attr("to", "s.whatsapp.net").children(children).build()).await;
        let mut seen = self.collect("answer", |node| node.tag == "iq" && has(node, "id", &id)).await;
        let answer = seen.pop().expect("answer");
        (answer, seen)
    }
}

/// The content of a first upload of keys: `count` one-time keys and a signed one.
fn key_upload(count: u8) -> Node {
    let key = |id: u8| {
        let parts =
            [NodeBuilder::new("id").bytes(vec![0, 0, id]), NodeBuilder::new("value").bytes(vec![id; 32])];
        NodeBuilder::new("key").children(parts.map(NodeBuilder::build)).build()
    };
    NodeBuilder::new("list").children((1..=count).map(key)).build()
}

/// Whether an attribute has a value.
pub(crate) fn has(node: &Node, key: &str, value: &str) -> bool {
    node.attrs.get(key).is_some_and(|v| v.as_str() == value)
}

/// Binary content.
pub(crate) fn bytes(node: &Node) -> &[u8] {
    match &node.content {
        Some(NodeContent::Bytes(bytes)) => bytes,
        other => panic!("no bytes in <{}>: {other:?}", node.tag),
    }
}

async fn next_frame(
    socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>,
    frames: &mut FrameDecoder,
) -> Option<BytesMut> {
    loop {
        if let Some(frame) = frames.decode_frame() {
            return Some(frame);
        }
        match socket.next().await? {
            Ok(Message::Binary(bytes)) => frames.feed(&bytes),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}
