//! The action, index and value of every change.

use wacore_appstate::schemas;
use waproto::whatsapp as wa;
use waproto::whatsapp::sync_action_value as action;

use super::change::{About, Change, jid_of};
use super::patch::Write;
use super::write::stamped;
use crate::ports::{PortError, PortResult};

/// Sets a value: the time, its schema, the index behind the action's name, the field of the value.
macro_rules! set {
    ($now:ident, $schema:ident [$($index:expr),*], $field:ident: $action:ident { $($inner:tt)* }) => {
        Write {
            schema: &schemas::$schema,
            index: vec![$($index),*],
            value: Some(wa::SyncActionValue {
                $field: action::$action { $($inner)* }.into(),
                ..stamped($now)
            }),
        }
    };
}

/// Removes what stands under an index.
macro_rules! remove {
    ($schema:ident [$($index:expr),*]) => {
        Write { schema: &schemas::$schema, index: vec![$($index),*], value: None }
    };
}

impl Change {
    /// The write of a change.
    pub(super) fn write(self, About { now, range, message: (message, time) }: About) -> PortResult<Write> {
        let message_range = range.into();
        Ok(match self {
            Self::Archive { chat, archived } => set!(now, ARCHIVE [jid_of(&chat)], archive_chat_action:
                ArchiveChatAction { archived: Some(archived), message_range }),
            Self::Pin { chat, pinned } => set!(now, PIN [jid_of(&chat)], pin_action:
                PinAction { pinned: Some(pinned) }),
            Self::Mute { chat, muted, until } => set!(now, MUTE [jid_of(&chat)], mute_action:
            MuteAction {
                muted: Some(muted),
                mute_end_timestamp: muted.then_some(until.unwrap_or(-1)),
                ..Default::default()
            }),
            Self::MarkRead { chat, read } => {
                set!(now, MARK_CHAT_AS_READ [jid_of(&chat)], mark_chat_as_read_action:
                MarkChatAsReadAction { read: Some(read), message_range })
            }
            // the flags say that media (and starred messages) go too
            Self::DeleteChat { chat } => {
                set!(now, DELETE_CHAT [jid_of(&chat), "1".to_owned()], delete_chat_action:
                DeleteChatAction { message_range })
            }
            Self::ClearChat { chat } => {
                set!(now, CLEAR_CHAT [jid_of(&chat), "1".to_owned(), "1".to_owned()], clear_chat_action:
                    ClearChatAction { message_range })
            }
            Self::Star { starred, .. } => Write {
                index: message.to_vec(),
                ..set!(now, STAR [], star_action: StarAction { starred: Some(starred) })
            },
            Self::DeleteMessage { .. } => Write {
                index: message.to_vec(),
                ..set!(now, DELETE_MESSAGE_FOR_ME [], delete_message_for_me_action:
                    DeleteMessageForMeAction { delete_media: Some(true), message_timestamp: Some(time) })
            },
            Self::Label { id, name, color } => set!(now, LABEL_EDIT [id], label_edit_action:
            LabelEditAction {
                name: Some(name),
                color: Some(color),
                deleted: Some(false),
                ..Default::default()
            }),
            Self::DeleteLabel { id } => set!(now, LABEL_EDIT [id], label_edit_action:
                LabelEditAction { deleted: Some(true), ..Default::default() }),
            Self::LabelChat { id, chat, labeled } => {
                set!(now, LABEL_JID [id, jid_of(&chat)], label_association_action:
                    LabelAssociationAction { labeled: Some(labeled), ..Default::default() })
            }
            Self::Contact { number, full_name: None, first_name: None } => remove!(CONTACT[jid_of(&number)]),
            Self::Contact { number, full_name, first_name } => {
                set!(now, CONTACT [jid_of(&number)], contact_action:
                ContactAction {
                    full_name,
                    first_name,
                    save_on_primary_addressbook: Some(true),
                    ..Default::default()
                })
            }
            Self::MuteStatus { number, muted } => {
                set!(now, USER_STATUS_MUTE [jid_of(&number)], user_status_mute_action:
                    UserStatusMuteAction { muted: Some(muted) })
            }
            Self::PushName { name } => set!(now, SETTING_PUSH_NAME [], push_name_setting:
                PushNameSetting { name: Some(name) }),
            Self::Locale { locale } => set!(now, LOCALE_SETTING [], locale_setting:
                LocaleSetting { locale: Some(locale) }),
            Self::UnarchiveChats { unarchive } => {
                set!(now, UNARCHIVE_CHATS_SETTING [], unarchive_chats_setting:
                UnarchiveChatsSetting { unarchive_chats: Some(unarchive) })
            }
            Self::QuickReply { id, shortcut, message, keywords } => {
                set!(now, QUICK_REPLY [id], quick_reply_action:
                QuickReplyAction {
                    shortcut: Some(shortcut),
                    message: Some(message),
                    keywords,
                    deleted: Some(false),
                    ..Default::default()
                })
            }
            Self::DeleteQuickReply { id } => set!(now, QUICK_REPLY [id], quick_reply_action:
                QuickReplyAction { deleted: Some(true), ..Default::default() }),
            Self::NctSalt { salt: None } => remove!(NCT_SALT_SYNC []),
            Self::NctSalt { salt: Some(salt) } => {
                let salt = hex::decode(&salt)
                    .map_err(|error| PortError::Refused(format!("salt is not hexadecimal: {error}")))?;
                set!(now, NCT_SALT_SYNC [], nct_salt_sync_action: NctSaltSyncAction { salt: Some(salt) })
            }
        })
    }
}
