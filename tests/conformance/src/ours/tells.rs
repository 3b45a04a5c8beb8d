//! What whatsapp-rust reports, in words that all libraries share.

use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buffa::Message as _;
use wacore::stanza::groups::{GroupNotificationAction as News, GroupParticipantInfo};
use wacore::types::call::{CallAction, IncomingCall};
use wacore::types::events::{self as wire, EventHandler, InboundMessage};
use wacore::types::presence::{ChatPresence, ChatPresenceMedia, ReceiptType};
use waproto::whatsapp as wa;
use whatsapp_rust::Client;

use super::memory::{Kept, Memory};
use crate::log::Log;
use crate::{Act, Change, Event, Message, PastChat, PastMessage, Reached, Setting};

/// Listens to a client.
#[derive(Clone)]
pub(super) struct Tells {
    log: Arc<Log>,
    memory: Arc<Memory>,
    client: Arc<OnceLock<Arc<Client>>>,
}

impl Tells {
    pub(super) fn new(log: &Arc<Log>, memory: &Arc<Memory>) -> Self {
        Self { log: Arc::clone(log), memory: Arc::clone(memory), client: Arc::default() }
    }

    /// Whose events these are.
    pub(super) fn of(&self, client: Arc<Client>) {
        // it is told once, right after the client is made
        let _ = self.client.set(client);
    }

    fn open(&self) -> Event {
        let client = self.client.get();
        let bare = |jid: Option<wacore_binary::Jid>| jid.map(|jid| jid.to_non_ad_string());
        let pn = client.and_then(|client| bare(client.pn())).unwrap_or_default();
        let lid = client.and_then(|client| bare(client.lid())).unwrap_or_default();
        if let Some(name) = client.map(|client| client.push_name()).filter(|name| !name.is_empty()) {
            self.log.push(Event::Named { name });
        }
        Event::Open { pn, lid }
    }
}

impl EventHandler for Tells {
    fn handle_event(&self, event: Arc<wire::Event>) {
        match &*event {
            wire::Event::Connected(_) => self.log.push(self.open()),
            wire::Event::Messages(batch) => {
                for item in batch.messages.iter() {
                    if !batch.hook_committed {
                        self.memory.keep(Kept::of(item));
                    }
                    self.log.push(Event::Message(Box::new(message(item))));
                }
            }
            wire::Event::Receipt(receipt) => receipts(receipt).for_each(|event| self.log.push(event)),
            other => {
                if let Some(event) = closing(other).or_else(|| told(other)) {
                    self.log.push(event);
                }
            }
        }
    }
}

fn told(event: &wire::Event) -> Option<Event> {
    Some(match event {
        wire::Event::PairingQrCode(qr) => Event::Qr { qr: qr.code.clone() },
        wire::Event::SelfPushNameUpdated(change) => Event::Named { name: change.new_name.clone() },
        wire::Event::ServerAck(ack) if ack.class.as_deref().is_none_or(|class| class == "message") => {
            Event::Ack { id: ack.id.clone(), error: ack.error.clone() }
        }
        wire::Event::Presence(presence) => Event::Presence {
            who: presence.from.to_non_ad_string(),
            available: !presence.unavailable,
            last_seen: presence.last_seen.map(|at| at.timestamp()),
        },
        wire::Event::ChatPresence(update) => Event::Typing {
            chat: update.source.chat.to_non_ad_string(),
            who: update.source.sender.to_non_ad_string(),
            doing: match (update.state, update.media) {
                (ChatPresence::Paused, _) => "paused",
                (ChatPresence::Composing, ChatPresenceMedia::Audio) => "recording",
                (ChatPresence::Composing, ChatPresenceMedia::Text) => "composing",
            }
            .to_owned(),
        },
        wire::Event::HistorySync(history) => past(history)?,
        wire::Event::PictureUpdate(update) => {
            Event::Picture { of: update.jid.to_non_ad_string(), removed: update.removed }
        }
        wire::Event::DisappearingModeChanged(change) => {
            Event::Disappearing { who: change.from.to_non_ad_string(), seconds: change.duration }
        }
        wire::Event::GroupUpdate(update) => return in_group(update),
        wire::Event::IncomingCall(call) => ringing(call)?,
        wire::Event::MissedCall(call) => Event::Call {
            call: call.call_id.clone(),
            from: call.from.to_string(),
            what: "missed".to_owned(),
            video: false,
        },
        other => {
            let (chat, change) = changed(other)?;
            Event::Changed { chat: chat.to_non_ad_string(), change }
        }
    })
}

fn ringing(call: &IncomingCall) -> Option<Event> {
    let what = match &call.action {
        CallAction::Offer { .. } => "offer",
        CallAction::Accept { .. } => "accept",
        CallAction::Reject { .. } => "reject",
        CallAction::Terminate { .. } => "terminate",
        _ => return None,
    };
    Some(Event::Call {
        call: call.action.call_id().to_owned(),
        from: call.from.to_string(),
        what: what.to_owned(),
        video: matches!(call.action, CallAction::Offer { is_video: true, .. }),
    })
}

fn in_group(update: &wire::GroupUpdate) -> Option<Event> {
    let group = update.group_jid.to_string();
    let set = |setting| Event::GroupSet { group: group.clone(), setting };
    let members = |act, who: &[GroupParticipantInfo]| {
        let who = who.iter().map(|member| member.jid.to_non_ad_string()).collect();
        Event::GroupMembers { group: group.clone(), act, who }
    };
    Some(match &update.action {
        News::Create { raw } => {
            let made = raw.get_optional_child("group")?;
            let subject = made.attrs().optional_string("subject").map(String::from).unwrap_or_default();
            Event::GroupMade { group, subject }
        }
        News::Add { participants, .. } => members(Act::Add, participants),
        News::Remove { participants, .. } => members(Act::Remove, participants),
        News::Promote { participants } => members(Act::Promote, participants),
        News::Demote { participants } => members(Act::Demote, participants),
        News::Subject { subject, .. } => set(Setting::Subject { text: subject.clone() }),
        News::Description { description, .. } => {
            set(Setting::Description { text: description.clone().unwrap_or_default() })
        }
        News::Announce => set(Setting::Announcement { on: true }),
        News::NotAnnounce => set(Setting::Announcement { on: false }),
        News::Locked { .. } => set(Setting::Locked { on: true }),
        News::Unlocked => set(Setting::Locked { on: false }),
        News::Ephemeral { expiration, .. } => set(Setting::Disappearing { seconds: *expiration }),
        News::MembershipApprovalMode { enabled } => set(Setting::Approval { on: *enabled }),
        News::MemberAddMode { mode } => set(Setting::MembersAdd { on: mode == "all_member_add" }),
        News::Link { link_type, raw } if link_type == "parent_group" => linked(group, raw, true)?,
        News::Unlink { unlink_type, raw, .. } if unlink_type == "parent_group" => linked(group, raw, false)?,
        News::Invite { code } => Event::GroupInvite { group, code: code.clone() },
        News::CreatedMembershipRequests { requests, .. } => {
            Event::GroupRequest { group, who: requests.first()?.jid.to_non_ad_string() }
        }
        News::MembershipApprovalRequest { .. } => {
            Event::GroupRequest { group, who: update.participant.as_ref()?.to_non_ad_string() }
        }
        _ => return None,
    })
}

/// A group and the community that is named with it.
fn linked(group: String, link: &wacore_binary::Node, on: bool) -> Option<Event> {
    let community = link.get_optional_child("group")?.attrs().optional_string("jid")?.into_owned();
    Some(Event::GroupLinked { group, community, on })
}

/// What another device of the account did to a chat.
fn changed(event: &wire::Event) -> Option<(&wacore_binary::Jid, Change)> {
    let is = |flag: Option<bool>| flag.unwrap_or_default();
    Some(match event {
        wire::Event::ArchiveUpdate(update) => {
            (&update.jid, Change::Archived { on: is(update.action.archived) })
        }
        wire::Event::PinUpdate(update) => (&update.jid, Change::Pinned { on: is(update.action.pinned) }),
        wire::Event::MuteUpdate(update) => (&update.jid, Change::Muted { on: is(update.action.muted) }),
        wire::Event::MarkChatAsReadUpdate(update) => {
            (&update.jid, Change::Read { on: is(update.action.read) })
        }
        wire::Event::DeleteChatUpdate(update) => (&update.jid, Change::Deleted),
        wire::Event::ClearChatUpdate(update) => (&update.jid, Change::Cleared),
        wire::Event::StarUpdate(update) => {
            let (id, on) = (update.message_id.clone(), is(update.action.starred));
            (&update.chat_jid, Change::Starred { id, on })
        }
        wire::Event::DeleteMessageForMeUpdate(update) => {
            (&update.chat_jid, Change::Forgotten { id: update.message_id.clone() })
        }
        wire::Event::ContactUpdate(update) => {
            (&update.jid, Change::Contact { name: update.action.full_name.clone().unwrap_or_default() })
        }
        _ => return None,
    })
}

fn past(history: &wire::LazyHistorySync) -> Option<Event> {
    let past = history.get()?;
    let chats = past.conversations.iter().map(|chat| PastChat {
        id: chat.id.clone(),
        name: chat.name.clone(),
        messages: chat.messages.iter().filter_map(|item| past_message(item.message.as_option()?)).collect(),
    });
    let names = past
        .pushnames
        .iter()
        .map(|name| (name.id.clone().unwrap_or_default(), name.pushname.clone().unwrap_or_default()));
    Some(Event::History { kind: history.sync_type(), chats: chats.collect(), names: names.collect() })
}

fn past_message(item: &wa::WebMessageInfo) -> Option<PastMessage> {
    let (id, from_me) = (item.key.id.as_deref()?, item.key.from_me.unwrap_or_default());
    let at = item.message_timestamp.unwrap_or_default().cast_signed();
    Some(PastMessage::new(id, from_me, at, item.message.as_option()?))
}

/// The end of a connection, with the number that Baileys has for the reason.
fn closing(event: &wire::Event) -> Option<Event> {
    let code = match event {
        wire::Event::Disconnected(_) => 428,
        wire::Event::LoggedOut(logout) => logout.reason.code(),
        wire::Event::StreamReplaced(_) => 440,
        wire::Event::TemporaryBan(_) => 402,
        wire::Event::ClientOutdated(_) => 405,
        wire::Event::PairingQrCodesExhausted(_) => 408,
        wire::Event::ConnectFailure(failure) => failure.reason.code(),
        _ => return None,
    };
    Some(Event::Closed { code: u16::try_from(code).unwrap_or_default() })
}

fn message(item: &InboundMessage) -> Message {
    let (info, source) = (&item.info, &item.info.source);
    Message {
        id: info.id.clone(),
        chat: source.chat.to_non_ad_string(),
        sender: source.sender.to_non_ad_string(),
        sender_alt: source.sender_alt.as_ref().map(wacore_binary::Jid::to_non_ad_string),
        from_me: source.is_from_me,
        name: Some(info.push_name.clone()).filter(|name| !name.is_empty()),
        at: info.timestamp.timestamp(),
        offline: info.is_offline,
        body: STANDARD.encode(item.message.encode_to_vec()),
    }
}

fn receipts(receipt: &wire::Receipt) -> impl Iterator<Item = Event> {
    let reached = match receipt.r#type {
        ReceiptType::Delivered => Some(Reached::Delivered),
        ReceiptType::Read => Some(Reached::Read),
        ReceiptType::Played => Some(Reached::Played),
        _ => None,
    };
    let chat = receipt.source.chat.to_non_ad_string();
    let by = receipt.source.sender.to_non_ad_string();
    reached.into_iter().flat_map(move |reached| {
        let (chat, by) = (chat.clone(), by.clone());
        receipt.message_ids.iter().map(move |id| Event::Receipt {
            id: id.clone(),
            chat: chat.clone(),
            by: Some(by.clone()),
            reached,
        })
    })
}
