//! The types of events that subscribers are told of.

use std::fmt;

macro_rules! kinds {
    ($(#[doc = $summary:literal] $kind:ident = $name:literal;)*) => {
        /// A type of event. The names are part of the API and never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind {
            $(#[doc = $summary] $kind,)*
        }

        impl EventKind {
            /// Every type, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The name on the wire and in the database.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self {
                    $(Self::$kind => $summary.trim_start(),)*
                }
            }

            /// The type of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$kind),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// A session moved to another state.
    SessionStatus = "session.status";
    /// A QR code or a pairing code is on offer.
    SessionQr = "session.qr";
    /// A session came online.
    SessionConnected = "session.connected";
    /// A session is not online any more.
    SessionDisconnected = "session.disconnected";
    /// A message came in.
    MessageReceived = "message.received";
    /// A message left: WhatsApp has it. Also those written on the account's other devices.
    MessageSent = "message.sent";
    /// A message went further: delivered, read, played; or ended: failed, expired, cancelled.
    MessageStatus = "message.status";
    /// A message was edited.
    MessageUpdated = "message.updated";
    /// A message was deleted.
    MessageDeleted = "message.deleted";
    /// Somebody reacted to a message.
    MessageReaction = "message.reaction";
    /// Somebody voted in a poll.
    PollVote = "poll.vote";
    /// The account came into a group.
    GroupJoined = "group.joined";
    /// The account is not in a group any more.
    GroupLeft = "group.left";
    /// People came into a group, went, or changed their rank.
    GroupParticipants = "group.participants";
    /// A group's name, description, picture or settings changed.
    GroupUpdated = "group.updated";
    /// A contact's number, LID or push name became known or changed.
    ContactUpdated = "contact.updated";
    /// Two contacts turned out to be one person.
    ContactMerged = "contact.merged";
    /// Somebody came online, went, or is typing.
    PresenceUpdate = "presence.update";
    /// A chat was archived, pinned, muted or marked.
    ChatUpdated = "chat.updated";
    /// A chat was emptied or deleted.
    ChatDeleted = "chat.deleted";
    /// Somebody calls.
    CallReceived = "call.received";
    /// A call was taken, refused or is over.
    CallUpdated = "call.updated";
    /// A received file is there.
    MediaReady = "media.ready";
    /// A received file could not be had.
    MediaFailed = "media.failed";
    /// A part of the account's history came in.
    HistoryProgress = "history.progress";
    /// WhatsApp lets the account begin no new chats for a time.
    RestrictionStarted = "restriction.started";
    /// It may again.
    RestrictionEnded = "restriction.ended";
    /// A webhook was switched off because it failed for too long, or was refused for good.
    WebhookDisabled = "webhook.disabled";
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_two_words_and_lead_back() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_name(kind.name()), Some(*kind));
            let words: Vec<&str> = kind.name().split('.').collect();
            assert!(words.len() == 2 && words.iter().all(|word| !word.is_empty()), "{kind}");
        }
    }
}
