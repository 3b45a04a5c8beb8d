//! What clients tell, in words that all libraries share.

use std::collections::HashMap;

use serde::Deserialize;

use crate::{Act, Change, Said, Setting};

/// Something a client told.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Event {
    /// A QR code is on show.
    Qr {
        /// What it encodes.
        qr: String,
    },
    /// Logged in and ready.
    Open {
        /// Own number, a JID.
        pn: String,
        /// Own LID, a JID.
        lid: String,
    },
    /// The connection is over. `code` is the number that Baileys has for the reason: 401 logged out, 402 banned for
    /// a time, 405 outdated, 408 timed out, 428 closed, 440 replaced, 515 restart, or what the server gave.
    Closed {
        /// The reason.
        code: u16,
    },
    /// The own name became known.
    Named {
        /// The name.
        name: String,
    },
    /// Baileys has the app state from before it was linked: what comes from now on is told as a change.
    Synced,
    /// History came.
    History {
        /// Number of its kind: 0 the first, 2 full, 3 recent, 4 names, 5 additions, 6 asked for.
        kind: i32,
        /// Chats and their messages.
        chats: Vec<PastChat>,
        /// Names of people, by JID.
        names: HashMap<String, String>,
    },
    /// A message.
    Message(Box<Message>),
    /// The server has taken (or refused) a message.
    Ack {
        /// The message.
        id: String,
        /// The code of a refusal.
        error: Option<String>,
    },
    /// A message of ours came so far.
    Receipt {
        /// The message.
        id: String,
        /// The chat it is in, a JID.
        chat: String,
        /// Whose device tells, a JID; libraries do not always say.
        by: Option<String>,
        /// How far.
        reached: Reached,
    },
    /// Somebody came or went.
    Presence {
        /// Who, a JID.
        who: String,
        /// Whether they are here.
        available: bool,
        /// When they were last here, unix seconds.
        last_seen: Option<i64>,
    },
    /// Another device of the account changed a chat.
    Changed {
        /// The chat, a JID.
        chat: String,
        /// The change.
        #[serde(flatten)]
        change: Change,
    },
    /// Somebody or a group has another picture.
    Picture {
        /// Whose, a JID.
        of: String,
        /// Whether there is none any more.
        removed: bool,
    },
    /// Another device of the account blocked somebody, or no longer.
    Blocked {
        /// Who, a JID.
        who: String,
        /// Whether.
        on: bool,
    },
    /// Somebody, or another device of the account, lets messages of new chats disappear.
    Disappearing {
        /// Who, a JID.
        who: String,
        /// After so many seconds; 0 for never.
        seconds: u32,
    },
    /// A group was made with this account in it, or this account was added to it.
    GroupMade {
        /// The group, a JID.
        group: String,
        /// Name.
        subject: String,
    },
    /// A setting of a group changed.
    GroupSet {
        /// The group, a JID.
        group: String,
        /// The setting.
        #[serde(flatten)]
        setting: Setting,
    },
    /// Members of a group changed.
    GroupMembers {
        /// The group, a JID.
        group: String,
        /// What happened.
        act: Act,
        /// To whom, JIDs.
        who: Vec<String>,
    },
    /// A group became part of a community, or ceased to be.
    GroupLinked {
        /// The group, a JID.
        group: String,
        /// The community, a JID.
        community: String,
        /// Whether it is part of it.
        on: bool,
    },
    /// A group has a new invitation.
    GroupInvite {
        /// The group, a JID.
        group: String,
        /// The code.
        code: String,
    },
    /// Somebody wants to join a group.
    GroupRequest {
        /// The group, a JID.
        group: String,
        /// Who, a JID.
        who: String,
    },
    /// Something happens to a call.
    Call {
        /// The call.
        call: String,
        /// Who calls, a JID with device.
        from: String,
        /// `offer`, `accept`, `reject` or `terminate`; an offer that was missed is `missed`.
        what: String,
        /// Whether with pictures, where that is told.
        video: bool,
    },
    /// Somebody writes.
    Typing {
        /// The chat, a JID.
        chat: String,
        /// Who, a JID.
        who: String,
        /// `composing`, `recording` or `paused`.
        doing: String,
    },
}

/// A chat in history.
#[derive(Debug, Clone, Deserialize)]
pub struct PastChat {
    /// A JID.
    pub id: String,
    /// Its name, when it has one.
    pub name: Option<String>,
    /// Its messages, in the order in which the client tells them.
    pub messages: Vec<PastMessage>,
}

/// A message in history.
#[derive(Debug, Clone, Deserialize)]
pub struct PastMessage {
    /// Its id.
    pub id: String,
    /// Whether this account wrote it.
    pub from_me: bool,
    /// When, unix seconds.
    pub at: i64,
    /// What it says, a protobuf `Message` in base64.
    body: String,
}

impl PastMessage {
    /// A message as a client tells it.
    pub(crate) fn new(id: &str, from_me: bool, at: i64, message: &waproto::whatsapp::Message) -> Self {
        use base64::Engine;
        use buffa::Message as _;
        let body = base64::engine::general_purpose::STANDARD.encode(message.encode_to_vec());
        Self { id: id.to_owned(), from_me, at, body }
    }

    /// What it says.
    ///
    /// # Panics
    /// When the body is no `Message`: no client shows such a thing.
    #[must_use]
    pub fn said(&self) -> Said {
        Said::of(&proto(&self.body))
    }
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// The device has it.
    Delivered,
    /// It was read.
    Read,
    /// It was listened to or watched.
    Played,
}

/// A message as a client shows it. JIDs are without device.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The chat.
    pub chat: String,
    /// Who wrote it.
    pub sender: String,
    /// The writer's other address, when told.
    pub sender_alt: Option<String>,
    /// Whether this account wrote it.
    pub from_me: bool,
    /// The writer's name, when told.
    pub name: Option<String>,
    /// When, unix seconds.
    pub at: i64,
    /// Whether it had waited for the client.
    pub offline: bool,
    /// What it says, a protobuf `Message` in base64.
    pub body: String,
}

impl Message {
    /// What it says.
    ///
    /// # Panics
    /// When the body is no `Message`: no client shows such a thing.
    #[must_use]
    pub fn said(&self) -> Said {
        Said::of(&self.proto())
    }

    /// What it says, as the client's protobuf has it.
    ///
    /// # Panics
    /// As [`Self::said`].
    #[must_use]
    pub fn proto(&self) -> waproto::whatsapp::Message {
        proto(&self.body)
    }
}

fn proto(body: &str) -> waproto::whatsapp::Message {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(body).expect("base64");
    waproto::codec::message_decode(&bytes).expect("a message")
}
