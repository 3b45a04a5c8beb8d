//! Calls that a phone makes and takes: signalling only.

use std::sync::Arc;
use std::time::Duration;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::account::Phone;
use super::behaviour::OnCall;
use super::store::{CallRecord, CallState, CallStep, Direction};
use super::{Simulated, new_id};
use crate::ports::{PortError, PortResult};

/// How long a phone lets another one ring.
const RING: Duration = Duration::from_secs(60);

/// Whom a phone calls.
#[derive(Debug, Clone, Default)]
pub struct NewCall {
    /// Phone number or LID, digits.
    pub to: String,
    /// With video.
    pub video: bool,
    /// JID of the group that the call belongs to.
    pub group: Option<String>,
}

impl Simulated {
    /// Calls somebody; the call rings until it is answered, ended, or a minute has passed.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn call(&self, pn: &str, new: NewCall) -> PortResult<CallRecord> {
        let phone = self.phone(pn).await?;
        let peer = self.account_or_stranger(&new.to).await?.pn;
        let to = Jid::pn(peer.as_str());
        let call = CallRecord {
            id: new_id(""),
            direction: Direction::Out,
            peer,
            group: new.group,
            video: new.video,
            state: CallState::Ringing,
            reason: None,
            began: self.now(),
            answered: None,
            ended: None,
            device: to.to_string(),
            creator: phone.jid().to_string(),
        };
        self.store.add_call(phone.pn(), &call).await?;
        let ack = self.signal(&phone, &call, &to, offer(&call)).await?;
        if ack.is_some_and(|ack| ack.attrs.contains_key("error")) {
            self.advance(&phone, &call.id, CallState::Ended, Some("refused"), None).await?;
        } else {
            self.give_up_later(&phone, call.clone());
        }
        self.call_record(phone.pn(), &call.id).await
    }

    /// Answers a call that rings on this phone.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or call, `Refused` when it does not ring here.
    pub async fn answer_call(&self, pn: &str, id: &str) -> PortResult<CallRecord> {
        let phone = self.phone(pn).await?;
        let call = self.call_record(phone.pn(), id).await?;
        if call.direction != Direction::In || call.state != CallState::Ringing {
            return Err(PortError::Refused("this call does not ring here".to_owned()));
        }
        self.accept(&phone, &call).await?;
        self.call_record(phone.pn(), id).await
    }

    /// Ends a call: declines one that rings here, cancels or hangs up any other.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or call, `Refused` when it is over.
    pub async fn end_call(&self, pn: &str, id: &str) -> PortResult<CallRecord> {
        let phone = self.phone(pn).await?;
        let call = self.call_record(phone.pn(), id).await?;
        match (call.state, call.direction) {
            (CallState::Ringing, Direction::In) => self.reject(&phone, &call).await?,
            (CallState::Ringing, _) => self.terminate(&phone, &call, None, "cancelled").await?,
            (CallState::Accepted, _) => self.terminate(&phone, &call, None, "hung_up").await?,
            _ => return Err(PortError::Refused("this call is over".to_owned())),
        }
        self.call_record(phone.pn(), id).await
    }

    /// A call of the phone's list.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or call.
    pub async fn call_record(&self, pn: &str, id: &str) -> PortResult<CallRecord> {
        let phone = self.phone(pn).await?;
        let call = self.store.call(phone.pn(), id).await?;
        call.ok_or_else(|| PortError::NotFound(format!("no call {id} on this phone")))
    }

    /// The phone's call list, newest first.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn call_list(&self, pn: &str) -> PortResult<Vec<CallRecord>> {
        let phone = self.phone(pn).await?;
        Ok(self.store.calls(phone.pn()).await?)
    }

    /// Takes in what another device says about a call.
    pub(super) async fn receive_call(&self, phone: &Arc<Phone>, node: &Node) -> PortResult<()> {
        let from = node.attrs().optional_jid("from");
        let action = node.children().and_then(<[Node]>::first);
        let (Some(from), Some(action)) = (from, action) else { return Ok(()) };
        let id = action.attrs().optional_string("call-id").unwrap_or_default().into_owned();
        let reason = action.attrs().optional_string("reason");
        match (action.tag.as_ref(), reason.as_deref()) {
            ("offer", _) => self.ring(phone, node, &from, action, id).await,
            ("accept", _) => self.taken(phone, &id, &from, CallState::Accepted).await,
            // one device that is busy does not speak for the others
            ("reject", Some("busy")) => Ok(()),
            ("reject", _) => self.taken(phone, &id, &from, CallState::Rejected).await,
            ("terminate", reason) => {
                let call = self.store.call(phone.pn(), &id).await?;
                let answered = call.is_some_and(|call| call.state == CallState::Accepted);
                let reason = reason.unwrap_or(if answered { "hung_up" } else { "cancelled" });
                self.advance(phone, &id, CallState::Ended, Some(reason), None).await.map(drop)
            }
            // preaccept, transport, relaylatency …: media is no part of this
            _ => Ok(()),
        }
    }

    async fn ring(&self, phone: &Phone, node: &Node, from: &Jid, offer: &Node, id: String) -> PortResult<()> {
        let mut attrs = offer.attrs();
        let creator = attrs.optional_jid("call-creator").unwrap_or_else(|| from.clone());
        let call = CallRecord {
            id,
            direction: Direction::In,
            peer: self.account_or_stranger(&from.user).await?.pn,
            group: attrs.optional_string("group-jid").map(std::borrow::Cow::into_owned),
            video: offer.get_optional_child("video").is_some(),
            state: CallState::Ringing,
            reason: None,
            began: self.now(),
            answered: None,
            ended: None,
            device: from.to_string(),
            creator: creator.to_string(),
        };
        if !self.store.add_call(phone.pn(), &call).await? {
            return Ok(());
        }
        let stanza = node.attrs().optional_string("id").unwrap_or_default().into_owned();
        let rings = NodeBuilder::new("offer").attr("call-id", call.id.as_str()).attr("call-creator", creator);
        let receipt = NodeBuilder::new("receipt").attr("to", from).attr("id", stanza);
        self.network()?.submit(phone.pn(), receipt.children([rings.build()]).build()).await?;
        match self.behaviour(phone).script.calls {
            OnCall::Ring => Ok(()),
            OnCall::Reject => self.reject(phone, &call).await,
            OnCall::Accept => self.accept(phone, &call).await,
        }
    }

    /// One device of the callee has decided; the others stop ringing.
    async fn taken(&self, phone: &Phone, id: &str, by: &Jid, state: CallState) -> PortResult<()> {
        if !self.advance(phone, id, state, None, Some(by.to_string())).await? {
            return Ok(());
        }
        let call = self.call_record(phone.pn(), id).await?;
        let reason = if state == CallState::Accepted { "accepted_elsewhere" } else { "rejected_elsewhere" };
        for device in self.network()?.devices(&Jid::pn(call.peer.as_str())).await? {
            if device.device != by.device {
                let end = NodeBuilder::new("terminate").attr("reason", reason);
                self.signal(phone, &call, &device, end).await?;
            }
        }
        Ok(())
    }

    async fn accept(&self, phone: &Phone, call: &CallRecord) -> PortResult<()> {
        if self.advance(phone, &call.id, CallState::Accepted, None, None).await? {
            let to = address(&call.device)?;
            for tag in ["preaccept", "accept"] {
                self.signal(phone, call, &to, NodeBuilder::new(tag).children(audio())).await?;
            }
        }
        Ok(())
    }

    async fn reject(&self, phone: &Phone, call: &CallRecord) -> PortResult<()> {
        if self.advance(phone, &call.id, CallState::Rejected, None, None).await? {
            let reject = NodeBuilder::new("reject").attr("count", 0);
            self.signal(phone, call, &address(&call.device)?, reject).await?;
        }
        Ok(())
    }

    /// Ends a call; `said` is what the other side is told, `shown` what the list shows.
    async fn terminate(
        &self,
        phone: &Phone,
        call: &CallRecord,
        said: Option<&'static str>,
        shown: &'static str,
    ) -> PortResult<()> {
        if !self.advance(phone, &call.id, CallState::Ended, Some(shown), None).await? {
            return Ok(());
        }
        let mut end = NodeBuilder::new("terminate");
        if let Some(said) = said {
            end = end.attr("reason", said);
        }
        if let Some(answered) = call.answered {
            end = end.attr("duration", self.now() - answered);
        }
        // the caller tells all devices, for any of them may have rung
        let to = match call.direction {
            Direction::Out => Jid::pn(call.peer.as_str()),
            _ => address(&call.device)?,
        };
        self.signal(phone, call, &to, end).await.map(drop)
    }

    async fn advance(
        &self,
        phone: &Phone,
        id: &str,
        state: CallState,
        reason: Option<&str>,
        device: Option<String>,
    ) -> PortResult<bool> {
        let step = CallStep { reason, device, at: self.now() };
        Ok(self.store.advance_call(phone.pn(), id, state, step).await?)
    }

    async fn signal(
        &self,
        phone: &Phone,
        call: &CallRecord,
        to: &Jid,
        action: NodeBuilder,
    ) -> PortResult<Option<Node>> {
        let action = action.attr("call-id", call.id.as_str()).attr("call-creator", address(&call.creator)?);
        let node = NodeBuilder::new("call").attr("to", to).attr("id", new_id("")).children([action.build()]);
        self.network()?.submit(phone.pn(), node.build()).await
    }

    fn give_up_later(&self, phone: &Arc<Phone>, call: CallRecord) {
        let (me, clock, phone) = (self.me.clone(), self.clock.clone(), Arc::clone(phone));
        // reckoned here: the task may begin after the clock was moved
        let end = clock.moment().after(RING);
        tokio::spawn(async move {
            clock.sleep_until(end).await;
            let Some(me) = me.upgrade() else { return };
            let ringing = me.call_record(phone.pn(), &call.id).await;
            if ringing.is_ok_and(|call| call.state == CallState::Ringing)
                && let Err(error) = me.terminate(&phone, &call, Some("timeout"), "timeout").await
            {
                tracing::warn!(pn = phone.pn(), id = call.id, %error, "phone could not end a call");
            }
        });
    }
}

fn address(jid: &str) -> PortResult<Jid> {
    Ok(jid.parse::<Jid>().map_err(anyhow::Error::from)?)
}

fn offer(call: &CallRecord) -> NodeBuilder {
    let video = call.video.then(|| NodeBuilder::new("video").attr("enc", "h264").attr("dec", "h264").build());
    let rest = [
        NodeBuilder::new("net").attr("medium", 3).build(),
        NodeBuilder::new("encopt").attr("keygen", 2).build(),
    ];
    let offer = NodeBuilder::new("offer").children(audio().into_iter().chain(video).chain(rest));
    match call.group.as_deref().and_then(|group| group.parse::<Jid>().ok()) {
        Some(group) => offer.attr("group-jid", group),
        None => offer,
    }
}

fn audio() -> [Node; 2] {
    [8000, 16000].map(|rate| NodeBuilder::new("audio").attr("enc", "opus").attr("rate", rate).build())
}
