//! What whatsapp-rust reports, in words that all libraries share.

use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buffa::Message as _;
use wacore::types::events::{self as wire, EventHandler, InboundMessage};
use wacore::types::presence::{ChatPresence, ChatPresenceMedia, ReceiptType};
use whatsapp_rust::Client;

use super::memory::{Kept, Memory};
use crate::log::Log;
use crate::{Event, Message, Reached};

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
        _ => return None,
    })
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
