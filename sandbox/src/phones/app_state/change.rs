//! What a user of a phone does that goes into app state.

use serde::Deserialize;
use utoipa::ToSchema;
use wacore_binary::Jid;
use waproto::whatsapp::sync_action_value::SyncActionMessageRange;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::store::Direction;
use crate::ports::PortResult;

/// A change of the account's settings. Chats are named by the peer's number or a group's JID.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Puts a chat into the archive or takes it out.
    Archive {
        /// Peer's number or group's JID.
        chat: String,
        /// In, or out again.
        archived: bool,
    },
    /// Pins a chat.
    Pin {
        /// Peer's number or group's JID.
        chat: String,
        /// On, or off again.
        pinned: bool,
    },
    /// Mutes a chat.
    Mute {
        /// Peer's number or group's JID.
        chat: String,
        /// On, or off again.
        muted: bool,
        /// Unix milliseconds; for ever unless given.
        until: Option<i64>,
    },
    /// Marks a chat as read or unread, without receipts.
    MarkRead {
        /// Peer's number or group's JID.
        chat: String,
        /// Read, or unread.
        read: bool,
    },
    /// Deletes a chat.
    DeleteChat {
        /// Peer's number or group's JID.
        chat: String,
    },
    /// Deletes a chat's messages.
    ClearChat {
        /// Peer's number or group's JID.
        chat: String,
    },
    /// Stars a message that the phone has.
    Star {
        /// Its id.
        id: String,
        /// On, or off again.
        starred: bool,
    },
    /// Deletes a message that the phone has, for the account only.
    DeleteMessage {
        /// Its id.
        id: String,
    },
    /// Makes or changes a label.
    Label {
        /// Its id, a small number.
        id: String,
        /// Shown name.
        name: String,
        /// Colour index.
        #[serde(default)]
        color: i32,
    },
    /// Deletes a label.
    DeleteLabel {
        /// Its id.
        id: String,
    },
    /// Puts a label on a chat or takes it off.
    LabelChat {
        /// Id of the label.
        id: String,
        /// Peer's number or group's JID.
        chat: String,
        /// On, or off again.
        labeled: bool,
    },
    /// Saves a contact; without a name it is removed.
    Contact {
        /// Its number.
        number: String,
        /// Name in the address book.
        full_name: Option<String>,
        /// First name.
        first_name: Option<String>,
    },
    /// Hides a contact's status updates or shows them again.
    MuteStatus {
        /// Its number.
        number: String,
        /// Hidden, or shown again.
        muted: bool,
    },
    /// Changes the name that others see.
    PushName {
        /// The new name.
        name: String,
    },
    /// Changes the language.
    Locale {
        /// Such as `de_DE`.
        locale: String,
    },
    /// Whether a new message brings an archived chat back.
    UnarchiveChats {
        /// Whether it does.
        unarchive: bool,
    },
    /// Makes or changes a quick reply.
    QuickReply {
        /// Its id.
        id: String,
        /// What is typed behind the slash.
        shortcut: String,
        /// What is sent.
        message: String,
        /// Words that suggest it.
        #[serde(default)]
        keywords: Vec<String>,
    },
    /// Deletes a quick reply.
    DeleteQuickReply {
        /// Its id.
        id: String,
    },
    /// Sets the salt of the tokens for strangers, or removes it.
    NctSalt {
        /// Hexadecimal.
        salt: Option<String>,
    },
}

impl Change {
    /// The chat or contact that it is about, as the caller named it.
    pub fn subject_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Archive { chat, .. }
            | Self::Pin { chat, .. }
            | Self::Mute { chat, .. }
            | Self::MarkRead { chat, .. }
            | Self::DeleteChat { chat }
            | Self::ClearChat { chat }
            | Self::LabelChat { chat, .. } => Some(chat),
            Self::Contact { number, .. } | Self::MuteStatus { number, .. } => Some(number),
            _ => None,
        }
    }
}

/// A collection after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Name of the collection.
    pub collection: &'static str,
    /// Its version now.
    pub version: u64,
}

/// What the phone knows of the chat or the message that a change is about.
#[derive(Debug, Default)]
pub(super) struct About {
    /// Unix seconds.
    pub(super) now: i64,
    /// The chat's newest message, by which other devices see what the phone knew.
    pub(super) range: Option<SyncActionMessageRange>,
    /// Chat, id, direction and author of the message, as indexes name it, and its unix seconds.
    pub(super) message: ([String; 4], i64),
}

impl Simulated {
    /// Does what a user of the phone does; the account's other devices are told.
    ///
    /// # Errors
    /// `NotFound` when the phone or the message does not exist, `Refused` when a value cannot be
    /// used or other devices keep changing the collection.
    pub async fn change_app_state(&self, pn: &str, change: Change) -> PortResult<Changed> {
        let phone = self.phone(pn).await?;
        let about = self.about(&phone, &change).await?;
        let write = change.write(about)?;
        let collection = write.schema.collection.as_str();
        let version = self.write(&phone, collection, &[write]).await?;
        Ok(Changed { collection, version })
    }

    async fn about(&self, phone: &Phone, change: &Change) -> PortResult<About> {
        let mut about = About { now: self.now(), ..About::default() };
        match change {
            Change::Archive { chat, .. }
            | Change::MarkRead { chat, .. }
            | Change::DeleteChat { chat }
            | Change::ClearChat { chat } => {
                let chats = self.store.chats(phone.pn()).await?;
                about.range = chats.iter().find(|known| known.chat == *chat).map(|known| {
                    let last_message_timestamp = Some(known.last);
                    SyncActionMessageRange { last_message_timestamp, ..Default::default() }
                });
            }
            Change::Star { id, .. } | Change::DeleteMessage { id } => {
                let message = self.message(phone.pn(), id).await?;
                let from_me = message.direction == Direction::Out;
                let author = if message.chat.contains('@') && !from_me {
                    Jid::pn(message.from.0.as_str()).to_string()
                } else {
                    // clear from the chat
                    "0".to_owned()
                };
                let direction = u8::from(from_me).to_string();
                about.message = ([jid_of(&message.chat), message.id, direction, author], message.time);
            }
            _ => {}
        }
        Ok(about)
    }
}

/// JID of a chat named by its storage key.
pub(super) fn jid_of(chat: &str) -> String {
    if chat.contains('@') { chat.to_owned() } else { Jid::pn(chat).to_string() }
}
