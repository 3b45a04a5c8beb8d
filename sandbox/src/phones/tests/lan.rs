//! A network small enough to read: it routes stanzas in place and keeps a log.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, JidExt, Node, NodeContent};

use super::lan_groups::LanGroup;
use crate::clock::Clock;
use crate::phones::{Outgoing, Simulated, StoredMessage};
use crate::ports::{
    AccountInfo, AppStatePatch, Companion, CompanionAddress, KeyBundle, Network, Phones, PortError,
    PortResult,
};

/// A linked test companion as the network knows it.
struct Linked {
    companion: Companion,
    bundle: KeyBundle,
}

#[derive(Default)]
pub(crate) struct Lan {
    phones: Mutex<Weak<Simulated>>,
    companions: Mutex<HashMap<String, Vec<Linked>>>,
    media: Mutex<HashMap<String, Bytes>>,
    app_state: Mutex<HashMap<(String, String), Vec<Bytes>>>,
    pub(super) groups: Mutex<HashMap<String, LanGroup>>,
    /// Every stanza as it was delivered: receiving account, receiving device, stanza.
    delivered: Mutex<Vec<(String, u16, Node)>>,
    /// Stanzas as phones have submitted them.
    submitted: Mutex<Vec<(String, Node)>>,
    /// Questions as phones have asked them.
    pub(crate) queries: Mutex<Vec<Node>>,
    /// So many ciphertexts are damaged on their way from now on.
    pub(crate) damage: AtomicU32,
    /// Refuse messages with this code when not 0.
    pub(crate) refuse: AtomicU32,
    /// Keep messages (not receipts) instead of delivering them.
    pub(crate) hold: AtomicU32,
}

/// Phones and the network between them.
pub(crate) struct World {
    pub(crate) phones: Arc<Simulated>,
    pub(crate) lan: Arc<Lan>,
}

impl World {
    pub(crate) async fn open(data_dir: &Path) -> Self {
        Self::with_lan(data_dir, Arc::new(Lan::default())).await
    }

    /// The same network with the phones opened again from their file.
    pub(crate) async fn with_lan(data_dir: &Path, lan: Arc<Lan>) -> Self {
        let phones = Simulated::open(data_dir, Clock::default()).await.expect("phones open");
        *lan.phones.lock().expect("lock") = Arc::downgrade(&phones);
        let network: Arc<dyn Network> = lan.clone();
        phones.attach(Arc::downgrade(&network));
        Self { phones, lan }
    }

    pub(crate) async fn text(&self, from: &str, to: &str, text: &str) -> StoredMessage {
        let outgoing = Outgoing { to: to.to_owned(), text: Some(text.to_owned()), ..Outgoing::default() };
        self.phones.ensure(from, None).await.expect("a phone to send from");
        self.phones.send(from, outgoing).await.expect("sent")
    }

    /// Sends a body; answers the message as its sender shows it.
    pub(crate) async fn say(&self, from: &str, to: &str, body: serde_json::Value) -> StoredMessage {
        let outgoing = Outgoing {
            to: to.to_owned(),
            body: Some(serde_json::from_value(body).expect("a body")),
            ..Outgoing::default()
        };
        self.phones.ensure(from, None).await.expect("a phone to send from");
        self.phones.send(from, outgoing).await.expect("sent")
    }

    /// A message as a phone shows it.
    pub(crate) async fn shown(&self, pn: &str, id: &str) -> StoredMessage {
        self.phones.message(pn, id).await.expect("shown")
    }

    pub(crate) async fn inbox(&self, pn: &str) -> Vec<StoredMessage> {
        self.phones.inbox(pn, 0, 1000).await.expect("inbox").items
    }
}

impl Lan {
    pub(super) fn phones(&self) -> PortResult<Arc<Simulated>> {
        let phones = self.phones.lock().expect("lock").upgrade();
        phones.ok_or_else(|| PortError::Internal(anyhow::anyhow!("no phones")))
    }

    pub(crate) fn link(&self, pn: &str, companion: Companion, bundle: KeyBundle) {
        let mut companions = self.companions.lock().expect("lock");
        companions.entry(pn.to_owned()).or_default().push(Linked { companion, bundle });
    }

    /// Stanzas delivered to a device so far.
    pub(crate) fn to(&self, pn: &str, device: u16) -> Vec<Node> {
        let delivered = self.delivered.lock().expect("lock");
        delivered
            .iter()
            .filter(|(to, at, _)| to == pn && *at == device)
            .map(|(_, _, node)| node.clone())
            .collect()
    }

    /// Every stanza that phones have submitted, with its phone.
    pub(crate) fn log(&self) -> Vec<(String, Node)> {
        self.submitted.lock().expect("lock").clone()
    }

    /// Stanzas with this tag that a phone has submitted so far.
    pub(crate) fn from(&self, pn: &str, tag: &str) -> Vec<Node> {
        let submitted = self.submitted.lock().expect("lock");
        submitted
            .iter()
            .filter(|(from, node)| from == pn && node.tag == tag)
            .map(|(_, node)| node.clone())
            .collect()
    }

    pub(crate) fn object(&self, direct_path: &str) -> Bytes {
        self.media.lock().expect("lock").get(direct_path).cloned().expect("uploaded")
    }

    /// Changes one byte of an uploaded object.
    pub(crate) fn spoil(&self, direct_path: &str) {
        let mut media = self.media.lock().expect("lock");
        let body = media.get_mut(direct_path).expect("uploaded");
        let mut spoiled = body.to_vec();
        spoiled[1000] ^= 1;
        *body = spoiled.into();
    }

    pub(crate) fn patches(&self, pn: &str, collection: &str) -> Vec<Bytes> {
        let app_state = self.app_state.lock().expect("lock");
        app_state.get(&(pn.to_owned(), collection.to_owned())).cloned().unwrap_or_default()
    }

    pub(super) async fn hand_over(&self, pn: &str, device: u16, node: Node) -> PortResult<()> {
        self.delivered.lock().expect("lock").push((pn.to_owned(), device, node.clone()));
        if device == 0 { self.phones()?.deliver(pn, node).await } else { Ok(()) }
    }

    async fn route_message(&self, from: &AccountInfo, node: &Node) -> PortResult<()> {
        let to = node.attrs().jid("to");
        if to.is_group() {
            return self.route_group_message(from, node).await;
        }
        let targets: Vec<(Jid, Node)> = match node.get_optional_child("participants") {
            Some(participants) => participants
                .get_children_by_tag("to")
                .filter_map(|target| {
                    Some((target.attrs().jid("jid"), target.get_optional_child("enc")?.clone()))
                })
                .collect(),
            None => node.get_children_by_tag("enc").map(|enc| (to.clone(), enc.clone())).collect(),
        };
        for (target, enc) in targets {
            let account = self.account(&target).await?.expect("a target has an account");
            let lid = target.is_lid();
            let sender = if lid { Jid::lid(from.lid.as_str()) } else { Jid::pn(from.pn.as_str()) };
            let mut delivery = NodeBuilder::new("message")
                .attr("from", sender)
                .attr("id", node.attrs().optional_string("id").expect("id").as_ref())
                .attr("type", node.attrs().optional_string("type").expect("type").as_ref())
                .attr("t", 1_700_000_000)
                .attr("notify", from.push_name.as_str());
            if let Some(edit) = node.attrs().optional_string("edit") {
                delivery = delivery.attr("edit", edit.as_ref());
            }
            if let Some(category) = node.attrs().optional_string("category") {
                delivery = delivery.attr("category", category.as_ref());
            } else if account.pn == from.pn {
                let chat = node.attrs().optional_jid("recipient").unwrap_or_else(|| to.to_non_ad());
                delivery = delivery.attr("recipient", chat);
            }
            let delivery = delivery.children([self.maybe_damaged(enc)]).build();
            self.deliver_or_hold(&account.pn, target.device, delivery).await?;
        }
        Ok(())
    }

    pub(super) async fn deliver_or_hold(&self, pn: &str, device: u16, node: Node) -> PortResult<()> {
        if self.hold.load(Ordering::SeqCst) > 0 {
            self.delivered.lock().expect("lock").push((pn.to_owned(), device, node));
            return Ok(());
        }
        self.hand_over(pn, device, node).await
    }

    pub(super) fn maybe_damaged(&self, mut enc: Node) -> Node {
        let take = |n: u32| n.checked_sub(1);
        if self.damage.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
            && let Some(NodeContent::Bytes(bytes)) = &mut enc.content
        {
            // the inner message's MAC or its last ciphertext byte, in a msg as in a pkmsg
            let at = bytes.len() - 9;
            bytes[at] ^= 0x55;
        }
        enc
    }

    async fn route_receipt(&self, from: &AccountInfo, node: Node) -> PortResult<()> {
        let to = node.attrs().jid("to");
        if to.is_group() {
            return self.route_group_receipt(from, &node).await;
        }
        if !matches!(to.server, wacore_binary::Server::Pn | wacore_binary::Server::Lid) {
            return Ok(());
        }
        let account = self.account(&to).await?.expect("a receipt has a receiver");
        let mut delivery = NodeBuilder::new("receipt").attr("from", Jid::pn(from.pn.as_str())).build();
        for (key, value) in node.attrs.iter().filter(|(key, _)| key.as_ref() != "to") {
            delivery.attrs.insert(key.clone(), value.clone());
        }
        delivery.content = node.content;
        self.hand_over(&account.pn, to.device, delivery).await
    }
}

#[async_trait]
impl Network for Lan {
    async fn submit(&self, pn: &str, stanza: Node) -> PortResult<Option<Node>> {
        self.submitted.lock().expect("lock").push((pn.to_owned(), stanza.clone()));
        let from = self.phones()?.ensure(pn, None).await?;
        match stanza.tag.as_ref() {
            "message" => {
                let ack = NodeBuilder::new("ack").attr("class", "message");
                let refuse = self.refuse.load(Ordering::SeqCst);
                if refuse > 0 {
                    return Ok(Some(ack.attr("error", refuse).build()));
                }
                self.route_message(&from, &stanza).await?;
                Ok(Some(ack.build()))
            }
            "receipt" => self.route_receipt(&from, stanza).await.map(|()| None),
            _ => Ok(None),
        }
    }

    async fn query(&self, _: &str, iq: Node) -> PortResult<Node> {
        self.queries.lock().expect("lock").push(iq.clone());
        match iq.attrs().optional_jid("to") {
            Some(to) if to.is_group() => self.describe_group(&to).await,
            _ => Ok(NodeBuilder::new("iq").attr("type", "result").build()),
        }
    }

    async fn devices(&self, user: &Jid) -> PortResult<Vec<Jid>> {
        let account = self.phones()?.ensure(&user.user, None).await?;
        let companions = self.companions.lock().expect("lock");
        let linked = companions.get(&account.pn).into_iter().flatten();
        Ok(std::iter::once(0)
            .chain(linked.map(|linked| linked.companion.device))
            .map(|device| user.with_device(device))
            .collect())
    }

    async fn save_contact(&self, _pn: &str, _contact: &str) -> PortResult<()> {
        Ok(())
    }

    async fn acquaintances(&self, _pn: &str) -> PortResult<Vec<AccountInfo>> {
        Ok(Vec::new())
    }

    async fn account_changed(&self, _pn: &str) -> PortResult<()> {
        Ok(())
    }

    async fn change_number(&self, _old: &str, _new: &str) -> PortResult<()> {
        Ok(())
    }

    async fn take_bundle(&self, device: &Jid) -> PortResult<KeyBundle> {
        let account = self.account(device).await?.expect("account");
        if device.device == 0 {
            return self.phones()?.take_bundle(&account.pn).await;
        }
        let mut companions = self.companions.lock().expect("lock");
        let linked = companions
            .get_mut(&account.pn)
            .and_then(|linked| linked.iter_mut().find(|linked| linked.companion.device == device.device));
        let linked = linked.ok_or_else(|| PortError::NotFound("device".to_owned()))?;
        let bundle = linked.bundle.clone();
        linked.bundle.one_time = None;
        Ok(bundle)
    }

    async fn account(&self, user: &Jid) -> PortResult<Option<AccountInfo>> {
        self.phones()?.find(&user.user).await
    }

    async fn link_by_qr(&self, pn: &str, reference: &str, _secret: [u8; 32]) -> PortResult<CompanionAddress> {
        if reference == "2@known" {
            return Ok(CompanionAddress { pn: pn.to_owned(), device: 1 });
        }
        Err(PortError::NotFound("no companion waits under this reference".to_owned()))
    }

    async fn link_by_code(&self, _pn: &str, _code: &str) -> PortResult<CompanionAddress> {
        Err(PortError::Refused("no companion shows this code".to_owned()))
    }

    async fn approve_passkey(&self, _pn: &str, _code: &str) -> PortResult<()> {
        Err(PortError::NotFound("no companion is being linked by passkey".to_owned()))
    }

    async fn refresh_codes(&self, pn: &str) -> PortResult<()> {
        Err(PortError::NotFound(format!("no companion shows a code for {pn}")))
    }

    async fn refresh_registration(&self, reference: &str) -> PortResult<()> {
        Err(PortError::NotFound(reference.to_owned()))
    }

    async fn unlink(&self, pn: &str, device: u16) -> PortResult<()> {
        let mut companions = self.companions.lock().expect("lock");
        let linked = companions.entry(pn.to_owned()).or_default();
        let before = linked.len();
        linked.retain(|linked| linked.companion.device != device);
        if linked.len() < before { Ok(()) } else { Err(PortError::NotFound(format!("no device {device}"))) }
    }

    async fn companions(&self, pn: &str) -> PortResult<Vec<Companion>> {
        let companions = self.companions.lock().expect("lock");
        Ok(companions.get(pn).into_iter().flatten().map(|linked| linked.companion).collect())
    }

    async fn push_app_state(&self, pn: &str, collection: &str, base: u64, patch: Bytes) -> PortResult<u64> {
        let mut app_state = self.app_state.lock().expect("lock");
        let patches = app_state.entry((pn.to_owned(), collection.to_owned())).or_default();
        if patches.len() as u64 != base {
            return Err(PortError::Refused("conflict".to_owned()));
        }
        patches.push(patch);
        Ok(base + 1)
    }

    async fn app_state(&self, pn: &str, collection: &str, after: u64) -> PortResult<Vec<AppStatePatch>> {
        let patches = self.patches(pn, collection).into_iter().zip(1..);
        let patches = patches.map(|(patch, version)| AppStatePatch { version, device: 0, patch });
        Ok(patches.filter(|patch| patch.version > after).collect())
    }

    async fn save_snapshot(&self, _: &str, _: &str, _: u64, _: Bytes) -> PortResult<()> {
        Ok(())
    }

    async fn upload_media(&self, kind: &str, body: Bytes) -> PortResult<(String, String)> {
        let mut media = self.media.lock().expect("lock");
        let path = format!("/{kind}/{}", media.len());
        media.insert(path.clone(), body);
        Ok((format!("https://lan{path}"), path))
    }

    async fn renew_media(&self, direct_path: &str) -> PortResult<(String, String)> {
        self.download_media(direct_path).await?;
        Ok((format!("https://lan{direct_path}"), direct_path.to_owned()))
    }

    async fn expire_media(&self, direct_path: &str) -> PortResult<()> {
        self.download_media(direct_path).await.map(drop)
    }

    async fn tell_companion(&self, _: &CompanionAddress, _: Node) -> PortResult<()> {
        Ok(())
    }

    async fn open_media(&self, direct_path: &str) -> PortResult<Box<dyn std::io::Read + Send>> {
        let body = self.download_media(direct_path).await?;
        Ok(Box::new(std::io::Cursor::new(body)))
    }

    async fn download_media(&self, direct_path: &str) -> PortResult<Bytes> {
        let media = self.media.lock().expect("lock");
        media.get(direct_path).cloned().ok_or_else(|| PortError::NotFound("object".to_owned()))
    }
}
