//! What the wire tells, in our words.

use std::{sync::Arc, time::Duration};

use wacore::types::{
    events::{ConnectFailureReason, Event, EventHandler, EventInterest, EventKind, LoggedOut},
    message::MessageInfo,
};
use wacore_binary::{JidExt, NodeRef};
use waproto::whatsapp as wa;

use super::{
    acks::{Ack, AckBook},
    history::History,
    open::Feeds,
    order::Order,
    unstored::Unstored,
};

/// Something that happened on the wire.
#[derive(Debug, Clone)]
pub(crate) enum WireEvent {
    /// The next QR code is on show.
    Qr {
        /// What it encodes.
        code: String,
        /// How long it can be scanned.
        valid_for: Duration,
    },
    /// All QR codes of this connection are used up.
    QrExhausted {
        /// Whether the client has closed the connection; it stays up while a pairing code is out.
        closed: bool,
    },
    /// The pairing code that is out can no longer be used.
    CodeVoid,
    /// A phone has linked this device.
    Paired,
    /// A phone tried to link this device and it failed.
    PairFailed(String),
    /// Logged in and ready.
    Online,
    /// Our push name became known or changed.
    Renamed,
    /// The connection is gone; the client tries again.
    Lost,
    /// The session's proxy did not do its part, in words; the client tries again.
    ProxyFailed(String),
    /// The connection is over and the client does not try again.
    Over(Goodbye),
    /// The client's run loop has ended.
    Ended,
    /// The server answered a message.
    Acked,
    /// Messages that nobody has stored yet: from channels and recovered ones.
    Messages(Vec<(Arc<wa::Message>, Arc<MessageInfo>)>),
}

/// Why WhatsApp ended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// The device was unlinked. `definite` says that its credentials are worthless now.
    LoggedOut {
        /// Stable code.
        code: &'static str,
        /// Whether WhatsApp said in so many words that the device is gone, rather than that it is refused.
        definite: bool,
    },
    /// Another connection of the same device took over.
    Replaced,
    /// The account is banned for a time.
    Banned {
        /// What WhatsApp says about it.
        why: String,
        /// How long, when it says so.
        lasts: Option<Duration>,
    },
    /// This client version is refused.
    Outdated,
    /// Refused for another reason.
    Refused {
        /// WhatsApp's number for it.
        code: i32,
        /// Its words, when it has any.
        message: Option<String>,
    },
}

/// What a device tells besides messages, for the event log.
pub(crate) type News = Arc<Event>;

/// Listens to one client and passes on what matters.
pub(super) struct Tap {
    pub(super) acks: Arc<AckBook>,
    pub(super) feeds: Feeds,
    pub(super) unstored: Arc<Unstored>,
    pub(super) order: Order,
    pub(super) history: Arc<History>,
}

impl EventHandler for Tap {
    fn handle_event(&self, event: Arc<Event>) {
        if let Event::ServerAck(ack) = &*event {
            if ack.class.as_deref().is_none_or(|class| class == "message") {
                self.acks.resolve(&ack.id, Ack { error: ack.error.clone() });
                (self.feeds.events)(WireEvent::Acked);
            }
            return;
        }
        if matches!(&*event, Event::HistorySync(_)) {
            // nobody takes it: the device is being closed, and its announcement is not acknowledged
            let _ = self.feeds.history.send((event, self.history.piece()));
            return;
        }
        if NEWS.contains(&event.kind()) {
            let held = is_acknowledged(&event).then(|| self.unstored.hold());
            // nobody takes it: the device is being closed, and what is held keeps the ack back
            let _ = self.feeds.news.send((event, held));
            return;
        }
        match &*event {
            Event::Connected(_) => self.history.connected(),
            Event::OfflineSyncCompleted(_) => self.order.catchup().drained(),
            Event::RawNode(stanza) => {
                if let Some(id) = sent_now(stanza.get()) {
                    self.order.came(&id);
                }
                return;
            }
            _ => {}
        }
        if let Some(told) = translate(&event) {
            if matches!(told, WireEvent::Lost | WireEvent::Over(_)) {
                self.acks.fail_all();
                self.order.catchup().over();
            }
            (self.feeds.events)(told);
        }
    }

    fn interest(&self) -> EventInterest {
        EventInterest::of(NEWS).union(EventInterest::of(&[
            EventKind::PairingQrCode,
            EventKind::PairingQrCodesExhausted,
            EventKind::PairingCodeRefresh,
            EventKind::PairingCodeError,
            EventKind::PairSuccess,
            EventKind::PairError,
            EventKind::Connected,
            EventKind::OfflineSyncCompleted,
            EventKind::Disconnected,
            EventKind::SelfPushNameUpdated,
            EventKind::LoggedOut,
            EventKind::StreamReplaced,
            EventKind::TemporaryBan,
            EventKind::ClientOutdated,
            EventKind::ConnectFailure,
            EventKind::ServerAck,
            EventKind::Messages,
            EventKind::HistorySync,
            EventKind::RawNode,
        ]))
    }
}

/// What goes to the log as it is.
const NEWS: &[EventKind] = &[
    EventKind::Receipt,
    EventKind::ChatPresence,
    EventKind::Presence,
    EventKind::GroupUpdate,
    EventKind::PictureUpdate,
    EventKind::IncomingCall,
    EventKind::MissedCall,
    EventKind::ContactNumberChanged,
    EventKind::PushNameUpdate,
    EventKind::ArchiveUpdate,
    EventKind::PinUpdate,
    EventKind::MuteUpdate,
    EventKind::MarkChatAsReadUpdate,
    EventKind::ClearChatUpdate,
    EventKind::DeleteChatUpdate,
    EventKind::DeleteMessageForMeUpdate,
];

/// Whether WhatsApp keeps the stanza behind an event until we acknowledge it, so that holding the acknowledgement
/// back until the event is on record means that it cannot be lost.
///
/// Presence and typing are never kept: what is missed is over. App state is kept by version, not by stanza: the
/// protocol crate stores how far it has read before it tells, so that of a process that ends in between the next
/// one reads on behind it. Of a call's offer the crate sends the receipt before it tells; the rest of a call waits.
fn is_acknowledged(event: &Event) -> bool {
    matches!(
        event,
        Event::Receipt(_)
            | Event::GroupUpdate(_)
            | Event::PictureUpdate(_)
            | Event::ContactNumberChanged(_)
            | Event::IncomingCall(_)
            | Event::MissedCall(_)
    )
}

/// WhatsApp's id of a message that is delivered as it is sent; those sent while the device was away say so. Posts of
/// channels are nobody's to acknowledge.
fn sent_now(stanza: &NodeRef<'_>) -> Option<String> {
    let is_post = || stanza.attrs().optional_jid("from").is_some_and(|from| from.is_newsletter());
    if stanza.tag.as_ref() != "message" || stanza.get_attr("offline").is_some() || is_post() {
        return None;
    }
    stanza.get_attr("id").map(|id| id.as_str().into_owned())
}

/// Puts an event into our words; `None` for what we do not act upon.
fn translate(event: &Event) -> Option<WireEvent> {
    Some(match event {
        Event::PairingQrCode(qr) => WireEvent::Qr { code: qr.code.clone(), valid_for: qr.timeout },
        Event::PairingQrCodesExhausted(end) => WireEvent::QrExhausted { closed: end.disconnected },
        Event::PairingCodeRefresh(_) | Event::PairingCodeError(_) => WireEvent::CodeVoid,
        Event::PairSuccess(_) => WireEvent::Paired,
        Event::PairError(failure) => WireEvent::PairFailed(failure.error.clone()),
        Event::Connected(_) => WireEvent::Online,
        Event::Disconnected(_) => WireEvent::Lost,
        Event::SelfPushNameUpdated(_) => WireEvent::Renamed,
        Event::LoggedOut(logout) => WireEvent::Over(logged_out(logout)),
        Event::StreamReplaced(_) => WireEvent::Over(Goodbye::Replaced),
        Event::TemporaryBan(ban) => {
            WireEvent::Over(Goodbye::Banned { why: ban.code.to_string(), lasts: ban.expire.to_std().ok() })
        }
        Event::ClientOutdated(_) => WireEvent::Over(Goodbye::Outdated),
        Event::ConnectFailure(failure) if failure.reason == ConnectFailureReason::TempBanned => {
            let why = failure.message.clone().unwrap_or_else(|| "it does not say why".to_owned());
            WireEvent::Over(Goodbye::Banned { why, lasts: None })
        }
        // the client comes back by itself after these
        Event::ConnectFailure(failure) if failure.reason.should_reconnect() => WireEvent::Lost,
        Event::ConnectFailure(failure) => WireEvent::Over(Goodbye::Refused {
            code: failure.reason.code(),
            message: failure.message.clone(),
        }),
        Event::Messages(batch) if !batch.hook_committed => WireEvent::Messages(
            batch.iter().map(|item| (Arc::clone(&item.message), Arc::clone(&item.info))).collect(),
        ),
        _ => return None,
    })
}

fn logged_out(logout: &LoggedOut) -> Goodbye {
    let (code, definite) = match logout.reason {
        ConnectFailureReason::LoggedOut if logout.on_connect || is_removal(logout) => {
            ("device_removed", true)
        }
        ConnectFailureReason::AccountLocked => ("account_locked", false),
        _ => ("logged_out", false),
    };
    Goodbye::LoggedOut { code, definite }
}

/// Whether a stream error says in so many words that the device was removed. Its codes alone (401, 516) do not: credentials
/// that are worthless are refused at the next login, and those thrown away by mistake cannot be had again.
fn is_removal(logout: &LoggedOut) -> bool {
    let conflict = logout.raw.as_ref().and_then(|raw| raw.get_optional_child("conflict"));
    conflict.is_some_and(|conflict| {
        conflict.attrs().optional_string("type").is_some_and(|kind| kind == "device_removed")
    })
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
