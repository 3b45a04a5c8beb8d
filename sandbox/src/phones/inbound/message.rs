//! Messages that arrive: decrypt, show once, answer.

use std::sync::Arc;

use wacore::messages::{is_sender_key_distribution_only, unwrap_device_sent};
use wacore::protocol::retry::{MAX_RETRY_COUNT, RetryReason};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::super::account::Phone;
use super::super::address::is_direct;
use super::super::behaviour::{Behaviour, Occasion, StoredPlan};
use super::super::content::{Body, Content};
use super::super::outbound::{own_keys_node, receipt};
use super::super::requests::{Asker, Request};
use super::super::signal::Scratch;
use super::super::sink::Sample;
use super::super::store::{
    Direction, Inserted, NewMessage, Status, Undecryptable, add_plans, fall_silent, save_changes,
};
use super::super::{Contact, Simulated};
use super::decrypt::{Opened, Plain};
use super::stanza::Incoming;
use crate::ports::PortResult;

/// What is left to do once the message is committed.
#[derive(Default)]
struct FollowUp {
    /// What the phone will do about it.
    plans: Vec<StoredPlan>,
    /// What a companion asks.
    requests: Vec<Request>,
}

/// What became of a message.
enum Outcome {
    Kept(FollowUp),
    /// Shown before.
    Seen,
    /// The how-manieth failure it is, and why.
    Failed(u32, RetryReason),
}

impl Simulated {
    pub(super) async fn receive_message(&self, phone: &Arc<Phone>, node: &Node) -> PortResult<()> {
        let incoming = self.parse_message(phone, node).await?;
        if incoming.encs.is_empty() {
            // without ciphertext: fan-out placeholders and unavailable notices
            return self.acknowledge(phone, &incoming).await;
        }
        let behaviour = self.behaviour(phone);
        let sink = behaviour.sink && !incoming.peer;
        if sink && !incoming.is_sample(behaviour.sample) {
            self.sink.take(phone.pn(), &incoming.device.key(), &incoming.id);
            return self.acknowledge(phone, &incoming).await;
        }
        let outcome = self.take_in(phone, &incoming, &behaviour).await?;
        if sink {
            self.sink.sampled(match &outcome {
                Outcome::Kept(_) => Sample::Opened,
                Outcome::Seen => Sample::Duplicate,
                Outcome::Failed(..) => Sample::Failed,
            });
        }
        match outcome {
            Outcome::Kept(follow_up) => {
                self.acknowledge(phone, &incoming).await?;
                self.follow_up(phone, &incoming, follow_up);
                Ok(())
            }
            Outcome::Seen => self.acknowledge(phone, &incoming).await,
            Outcome::Failed(count, reason) => self.ask_again(phone, &incoming, count, reason).await,
        }
    }

    /// Decrypts and commits, with the phone's ratchets to itself.
    async fn take_in(
        &self,
        phone: &Phone,
        incoming: &Incoming<'_>,
        behaviour: &Behaviour,
    ) -> PortResult<Outcome> {
        let _ratchets = phone.signal.lock().await;
        let mut scratch = Scratch::new(&phone.keys);
        Ok(match self.open_all(phone, incoming, &mut scratch).await? {
            Opened::Messages(messages) => {
                Outcome::Kept(self.keep(&Shower { phone, incoming, behaviour }, messages, scratch).await?)
            }
            Opened::Seen => {
                let now = self.clock.unix_millis();
                self.store.count_duplicate(phone.pn(), &incoming.sender.pn, &incoming.id, now).await?;
                Outcome::Seen
            }
            Opened::Failed(reason) => match self.keep_undecryptable(phone, incoming).await? {
                Undecryptable::Duplicate => Outcome::Seen,
                Undecryptable::Failure(count) => Outcome::Failed(count, reason),
            },
        })
    }

    /// Commits the ratchet together with what the message says and what will be done about it.
    async fn keep(
        &self,
        Shower { phone, incoming, behaviour }: &Shower<'_>,
        messages: Vec<Plain>,
        scratch: Scratch,
    ) -> PortResult<FollowUp> {
        let changes = scratch.changes()?;
        let mut follow_up = FollowUp::default();
        let mut shown = Vec::new();
        for plain in messages {
            if let Some(request) = Request::of(&plain.message) {
                follow_up.requests.extend(Some(request).filter(|_| incoming.own));
                continue;
            }
            shown.extend(self.new_message(phone, incoming, plain).await?);
        }
        let now = self.clock.unix_millis();
        let mut tx = self.store.begin().await?;
        save_changes(&mut tx, phone.pn(), &changes).await?;
        for new in &shown {
            let inserted = new.store(&mut tx, phone.pn(), now).await?;
            if inserted != Inserted::Duplicate && new.direction == Direction::In {
                self.sightings.message_arrived(phone.pn(), &new.chat);
            }
            if inserted == Inserted::Duplicate || new.direction != Direction::In || behaviour.is_passive() {
                continue;
            }
            let silent = self.store.is_silent(phone.pn(), &new.chat).await?;
            let occasion = Occasion { id: &new.id, chat: &new.chat, content: &new.content, now, silent };
            let (plans, falls_silent) = behaviour.plans(&occasion);
            follow_up.plans.extend(add_plans(&mut tx, phone.pn(), plans).await?);
            if falls_silent {
                fall_silent(&mut tx, phone.pn(), &new.chat).await?;
            }
        }
        tx.commit().await.map_err(anyhow::Error::from)?;
        for new in shown {
            self.unseal_waiting(phone, &new.chat, &new.id).await?;
        }
        Ok(follow_up)
    }

    /// The inbox entry of a decrypted message; `None` when there is nothing to show.
    async fn new_message(
        &self,
        phone: &Phone,
        incoming: &Incoming<'_>,
        Plain { mut message, encoded }: Plain,
    ) -> PortResult<Option<NewMessage>> {
        if incoming.peer || is_sender_key_distribution_only(&mut message) {
            return Ok(None);
        }
        let copy = message.device_sent_message.as_option();
        let destination = copy
            .and_then(|copy| copy.destination_jid.as_deref()?.parse::<Jid>().ok())
            .or_else(|| incoming.recipient.clone());
        let (message, raw) = match copy {
            Some(_) if incoming.own => {
                let message = unwrap_device_sent(message);
                let raw = waproto::codec::message_to_vec(&message);
                (message, raw)
            }
            _ => (message, encoded),
        };
        let Some(content) = Content::of(&message, &raw) else {
            return Ok(None);
        };
        let mut new = self.entry(phone, incoming, destination).await?;
        new.content = content;
        new.raw = raw;
        if let Some(Body::Revoke(revoke)) = &mut new.content.body {
            revoke.by_admin = incoming.by_admin;
        }
        self.unseal(phone, &mut new).await?;
        Ok(Some(new))
    }

    /// The addressing half of an inbox entry.
    async fn entry(
        &self,
        phone: &Phone,
        incoming: &Incoming<'_>,
        destination: Option<Jid>,
    ) -> anyhow::Result<NewMessage> {
        let own = Contact::from(&phone.info);
        let group = incoming.is_group();
        let (chat, chat_jid, to) = if group {
            let jid = incoming.from.to_string();
            (jid.clone(), jid.clone(), Contact { pn: jid, lid: None })
        } else if incoming.own {
            let jid = destination.unwrap_or_else(|| phone.jid()).to_non_ad();
            if is_direct(&jid) {
                let peer = self.contact(&jid).await?;
                (peer.pn.clone(), jid.to_string(), peer)
            } else {
                (jid.to_string(), jid.to_string(), Contact { pn: jid.to_string(), lid: None })
            }
        } else {
            (incoming.sender.pn.clone(), incoming.from.to_non_ad().to_string(), own)
        };
        Ok(NewMessage {
            chat,
            chat_jid,
            sender: incoming.sender.pn.clone(),
            sender_lid: incoming.sender.lid.clone(),
            sender_jid: incoming.sender_jid.to_string(),
            recipient: to.pn,
            recipient_lid: to.lid,
            id: incoming.id.clone(),
            direction: if incoming.own { Direction::Out } else { Direction::In },
            content: Content::default(),
            raw: Vec::new(),
            time: incoming.time,
            status: if incoming.own { Status::Sent } else { Status::Delivered },
        })
    }

    async fn keep_undecryptable(
        &self,
        phone: &Phone,
        incoming: &Incoming<'_>,
    ) -> anyhow::Result<Undecryptable> {
        let mut new = self.entry(phone, incoming, incoming.recipient.clone()).await?;
        new.content = Content::undecryptable();
        new.status = Status::Sent;
        let mut tx = self.store.begin().await?;
        let failed = new.store_undecryptable(&mut tx, phone.pn(), self.clock.unix_millis()).await?;
        tx.commit().await?;
        Ok(failed)
    }

    /// Answers with the receipt that a client gives a message it has shown.
    async fn acknowledge(&self, phone: &Phone, incoming: &Incoming<'_>) -> PortResult<()> {
        let node = if incoming.is_group() {
            // no member is told that the own phone has a copy
            let kind = incoming.own.then_some("sender");
            receipt(&incoming.from, &incoming.id, kind).attr("participant", &incoming.sender_jid)
        } else if incoming.peer {
            receipt(&incoming.from, &incoming.id, Some("peer_msg"))
        } else if incoming.own {
            let own_copy = receipt(&incoming.from, &incoming.id, Some("sender"));
            match &incoming.recipient {
                Some(recipient) => own_copy.attr("recipient", recipient.to_non_ad()),
                None => own_copy,
            }
        } else {
            receipt(&incoming.from, &incoming.id, None)
        };
        self.network()?.submit(phone.pn(), node.build()).await?;
        Ok(())
    }

    /// Answers with a retry receipt; its keys let the sender start a new session at once.
    async fn ask_again(
        &self,
        phone: &Phone,
        incoming: &Incoming<'_>,
        count: u32,
        reason: RetryReason,
    ) -> PortResult<()> {
        if count >= u32::from(MAX_RETRY_COUNT) {
            tracing::warn!(pn = phone.pn(), id = incoming.id, "phone gives up on an undecryptable message");
            return Ok(());
        }
        let one_time = self.store.new_pre_key(phone).await?;
        let retry = NodeBuilder::new("retry")
            .attr("v", "1")
            .attr("id", incoming.id.as_str())
            .attr("t", incoming.time)
            .attr("count", count)
            .attr("error", reason as u8)
            .build();
        let registration =
            NodeBuilder::new("registration").bytes(phone.keys.registration_id.to_be_bytes().to_vec()).build();
        let mut node = receipt(&incoming.from, &incoming.id, Some("retry"));
        if incoming.is_group() {
            node = node.attr("participant", &incoming.sender_jid);
        } else if incoming.peer {
            node = node.attr("category", "peer");
        } else if let (true, Some(recipient)) = (incoming.own, &incoming.recipient) {
            node = node.attr("recipient", recipient.to_non_ad());
        }
        let node = node.children([retry, registration, own_keys_node(&phone.keys, one_time)]).build();
        self.network()?.submit(phone.pn(), node).await?;
        Ok(())
    }

    /// What the phone does by itself after a message, outside the delivery.
    fn follow_up(&self, phone: &Arc<Phone>, incoming: &Incoming<'_>, follow_up: FollowUp) {
        let Some(me) = self.me.upgrade() else { return };
        for request in follow_up.requests {
            let asker = Asker { device: incoming.device.device, id: incoming.id.clone() };
            me.answer(phone, asker, request);
        }
        self.runner.add(follow_up.plans);
    }
}

/// Who shows a message, and how.
struct Shower<'a> {
    phone: &'a Phone,
    incoming: &'a Incoming<'a>,
    behaviour: &'a Behaviour,
}
