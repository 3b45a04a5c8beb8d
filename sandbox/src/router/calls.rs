//! Calls: signalling between the devices of two accounts. Media flows elsewhere, if at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::account::Account;
use super::exchange::Exchange;
use super::privacy::Category;
use crate::clock::{Clock, Moment};
use crate::nodes::{fresh_id, is, jid, text};
use crate::state::{DedupeKey, DeviceKey, Entry};

/// Refusal: the stanza lacks what routing needs.
const MALFORMED: u16 = 400;
/// Refusal: there is nobody to call.
const NO_RECIPIENT: u16 = 404;
/// Refusal: the network's store failed.
const STORE_FAILED: u16 = 500;
/// How long a call whose end nobody told is remembered.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(6 * 3600);

/// Calls under way; not kept over a restart, which ends the connections that carry them.
#[derive(Default)]
pub(crate) struct CallBoard {
    calls: Mutex<HashMap<String, Ongoing>>,
}

/// Both ends of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ongoing {
    caller: DeviceKey,
    callee: u64,
    begun: Moment,
}

impl CallBoard {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Ongoing>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, id: &str, caller: DeviceKey, callee: u64, clock: &Clock) {
        let mut calls = self.lock();
        calls.retain(|_, call| clock.since(call.begun) < FORGOTTEN_AFTER);
        calls.insert(id.to_owned(), Ongoing { caller, callee, begun: clock.moment() });
    }

    fn get(&self, id: &str) -> Option<Ongoing> {
        self.lock().get(id).copied()
    }

    fn end(&self, id: &str) {
        self.lock().remove(id);
    }
}

/// Where an action of a call goes.
struct Route {
    account: Arc<Account>,
    devices: Vec<u16>,
}

impl Exchange {
    /// Routes a call stanza whose `to` is a user.
    pub(crate) async fn call(&self, node: &Node, to: &Jid) -> Result<()> {
        let action = node.children().and_then(<[Node]>::first);
        let Some((action, call)) = action.and_then(|action| Some((action, text(action, "call-id")?))) else {
            self.answer(node, Some(MALFORMED));
            return Ok(());
        };
        let Some(route) = self.route_call(action, &call, to).await? else {
            self.answer(node, Some(NO_RECIPIENT));
            return Ok(());
        };
        let mut entries = Vec::new();
        for device in &route.devices {
            let key = route.account.key(*device);
            if let Some(action) = self.action_for(action, key, to) {
                let stanza = self.call_stanza(node, to, action);
                let id = text(node, "id").unwrap_or_else(fresh_id);
                let dedupe = DedupeKey::new(self.origin.key(), &id, key, 0);
                entries.push(Entry::new(key, &stanza, Some(dedupe))?);
            }
        }
        let replies = self.replies.clone();
        let mut accepted = self.core.ack(node, None);
        accepted.attrs.insert("type", action.tag.to_string());
        let failed = self.core.ack(node, Some(STORE_FAILED));
        self.core.enqueue(entries, move |stored| replies.send(if stored { accepted } else { failed })).await
    }

    /// An offer rings every device of the callee. After that, what the callee's devices say goes to the
    /// device that calls, and what that one says to the device it names, or to all.
    async fn route_call(&self, action: &Node, call: &str, to: &Jid) -> Result<Option<Route>> {
        let Some(account) = self.core.user(to).await? else { return Ok(None) };
        let own = self.origin.key();
        let calls = &self.core.calls;
        let devices = if action.tag == "offer" {
            calls.begin(call, own, account.pn, &self.core.clock);
            let rings = account.permits(Category::Calls, own.pn, false);
            if rings { account.devices() } else { Vec::new() }
        } else {
            match calls.get(call) {
                Some(known) if known.callee == own.pn && known.caller.pn != own.pn => {
                    if action.tag == "terminate" {
                        calls.end(call);
                    }
                    let Some(caller) = self.core.by_number(known.caller.pn).await? else { return Ok(None) };
                    return Ok(Some(Route { account: caller, devices: vec![known.caller.device] }));
                }
                Some(known) if known.caller == own && to.device == 0 && !elsewhere(action) => {
                    if action.tag == "terminate" {
                        calls.end(call);
                    }
                    account.devices()
                }
                _ => vec![to.device],
            }
        };
        let devices =
            devices.into_iter().filter(|device| account.has(*device) && account.key(*device) != own);
        Ok(Some(Route { devices: devices.collect(), account }))
    }

    /// The action as one device gets it; one that is away is only told that it was called.
    fn action_for(&self, action: &Node, device: DeviceKey, to: &Jid) -> Option<Node> {
        let there = device.is_phone() || self.core.live.takes(device);
        match (action.tag == "offer", there) {
            (true, true) => Some(offer_for(action, device.device, self.caller_pn(to))),
            (true, false) => Some(notice(action)),
            (false, true) => Some(action.clone()),
            (false, false) => None,
        }
    }

    /// The caller's number, where the addressing hides it.
    fn caller_pn(&self, to: &Jid) -> Option<Jid> {
        to.server.is_lid_family().then(|| self.origin.account.pn_jid(0))
    }

    fn call_stanza(&self, node: &Node, to: &Jid, action: Node) -> Node {
        let mut stanza = NodeBuilder::new("call")
            .attr("from", self.origin.account.jid(to.server, self.origin.device))
            .attr("id", text(node, "id").unwrap_or_else(fresh_id))
            .attr("t", self.core.clock.unix_secs());
        if action.tag == "offer" || action.tag == "offer_notice" {
            stanza = stanza.attr("notify", self.origin.push_name());
        }
        for key in ["platform", "version"] {
            if let Some(value) = node.attrs.get(key) {
                stanza = stanza.attr(key, value.clone());
            }
        }
        stanza.children([action]).build()
    }
}

/// Whether it ends the ringing of one device because another has answered.
fn elsewhere(action: &Node) -> bool {
    text(action, "reason").is_some_and(|reason| reason.ends_with("_elsewhere"))
}

/// An offer with the one call key that is for a device.
fn offer_for(offer: &Node, device: u16, caller_pn: Option<Jid>) -> Node {
    let keys = offer.get_optional_child("destination");
    let mut tos = keys.into_iter().flat_map(|keys| keys.get_children_by_tag("to"));
    let own = tos.find(|to| jid(to, "jid").is_some_and(|jid| jid.device == device));
    let enc = own.and_then(|to| to.get_optional_child("enc")).or_else(|| offer.get_optional_child("enc"));
    let keyed = enc.is_some_and(|enc| is(enc, "type", "pkmsg"));
    let rest = offer.children().unwrap_or_default().iter().filter(|child| match child.tag.as_ref() {
        "destination" | "privacy" | "enc" => false,
        "device-identity" => keyed,
        _ => true,
    });
    let mut made = offer.clone();
    made.content = Some(wacore_binary::NodeContent::Nodes(rest.chain(enc).cloned().collect()));
    if let Some(pn) = caller_pn {
        made.attrs.insert("caller_pn", pn);
    }
    made
}

/// What is left of an offer for a device that finds it later.
fn notice(offer: &Node) -> Node {
    let video = offer.get_optional_child("video").is_some();
    let mut notice = NodeBuilder::new("offer_notice").attr("media", if video { "video" } else { "audio" });
    for key in ["call-id", "call-creator"] {
        if let Some(value) = offer.attrs.get(key) {
            notice = notice.attr(key, value.clone());
        }
    }
    if offer.attrs.contains_key("group-jid") { notice.attr("type", "group").build() } else { notice.build() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enc(kind: &'static str) -> Node {
        NodeBuilder::new("enc").attr("type", kind).bytes(kind.as_bytes()).build()
    }

    fn offer(children: Vec<Node>) -> Node {
        let creator = Jid::pn_device("4915112345", 3);
        NodeBuilder::new("offer")
            .attr("call-id", "C")
            .attr("call-creator", creator)
            .children(children)
            .build()
    }

    fn tags(node: &Node) -> Vec<&str> {
        node.children().unwrap_or_default().iter().map(|child| child.tag.as_ref()).collect()
    }

    #[test]
    fn a_device_gets_its_own_key_and_nobody_elses() {
        let to = |device, enc| {
            let jid = Jid::pn_device("4915112346", device);
            NodeBuilder::new("to").attr("jid", jid).children([enc]).build()
        };
        let destination =
            NodeBuilder::new("destination").children([to(0, enc("msg")), to(1, enc("pkmsg"))]).build();
        let parts = ["privacy", "audio"].map(|tag| NodeBuilder::new(tag).build());
        let identity = NodeBuilder::new("device-identity").build();
        let offer = offer(parts.into_iter().chain([destination, identity]).collect());
        let lid = offer_for(&offer, 1, Some(Jid::pn("4915112345")));
        assert_eq!(tags(&lid), ["audio", "device-identity", "enc"]);
        assert_eq!(jid(&lid, "caller_pn"), Some(Jid::pn("4915112345")));
        let phone = offer_for(&offer, 0, None);
        assert_eq!(tags(&phone), ["audio", "enc"]);
        assert_eq!(phone.get_optional_child("enc"), Some(&enc("msg")));
        assert_eq!(tags(&offer_for(&offer, 2, None)), ["audio"], "a device the caller does not know");
    }

    #[test]
    fn a_notice_says_what_kind_of_call_it_was() {
        let video = notice(&offer(vec![NodeBuilder::new("video").build()]));
        assert!(is(&video, "media", "video") && is(&video, "call-id", "C"));
        assert_eq!(text(&video, "type"), None);
        let mut group = offer(Vec::new());
        group.attrs.insert("group-jid", Jid::group("1203"));
        assert!(is(&notice(&group), "type", "group") && is(&notice(&group), "media", "audio"));
    }

    #[test]
    fn calls_that_nobody_ends_are_forgotten() {
        let (board, clock) = (CallBoard::default(), Clock::default());
        let caller = DeviceKey { pn: 1, device: 0 };
        board.begin("old", caller, 2, &clock);
        assert!(board.get("old").is_some());
        clock.advance(FORGOTTEN_AFTER);
        board.begin("new", caller, 2, &clock);
        assert!(board.get("old").is_none() && board.get("new").is_some());
        board.end("new");
        assert!(board.get("new").is_none());
    }
}
