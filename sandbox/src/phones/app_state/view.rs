//! What a phone shows of its app state: every action as it is, and what the known ones mean.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use wacore_appstate::schemas::COLLECTIONS;
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::open::Record;
use crate::ports::PortResult;

/// Where a phone stands with a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CollectionStatus {
    /// `critical_block`, `critical_unblock_low`, `regular_low`, `regular_high` or `regular`.
    pub name: String,
    /// Version, 0 when nothing was ever written.
    pub version: u64,
    /// True once a patch of a companion did not hold; see the client errors.
    pub diverged: bool,
    /// Version of the newest snapshot, 0 for none.
    pub snapshot: u64,
}

/// One action of a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Name of the action and what it is about, such as `["archive", "49…@s.whatsapp.net"]`.
    pub index: Vec<String>,
    /// What it says.
    pub value: wa::SyncActionValue,
    /// Version of the patch that set it.
    pub version: u64,
    /// Id of the key that it is encrypted with.
    pub key_id: Vec<u8>,
}

/// What app state says of one chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChatSettings {
    /// Archived.
    pub archived: bool,
    /// Unix milliseconds since when it is pinned.
    pub pinned: Option<i64>,
    /// Unix milliseconds until when it is muted; -1 for ever.
    pub muted_until: Option<i64>,
    /// Shown as unread by hand.
    pub marked_unread: bool,
    /// Status updates of this contact are hidden.
    pub status_muted: bool,
    /// Ids of its labels.
    pub labels: Vec<String>,
    /// Unix milliseconds of the last clearing.
    pub cleared: Option<i64>,
    /// Unix milliseconds of the last deletion.
    pub deleted: Option<i64>,
}

/// A message that app state names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MessageRef {
    /// Peer's number, or the JID of a group.
    pub chat: String,
    /// Stanza id.
    pub id: String,
    /// Whether the account sent it.
    pub from_me: bool,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Label {
    /// Shown name.
    pub name: String,
    /// Colour index.
    pub color: i32,
}

/// A saved contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContactName {
    /// Name in the address book.
    pub full_name: Option<String>,
    /// First name.
    pub first_name: Option<String>,
}

/// A quick reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuickReply {
    /// What is typed behind the slash.
    pub shortcut: String,
    /// What is sent.
    pub message: String,
    /// Words that suggest it.
    pub keywords: Vec<String>,
}

/// What the known actions of all collections say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AppState {
    /// Name shown to others.
    pub push_name: Option<String>,
    /// Language.
    pub locale: Option<String>,
    /// Whether a new message brings an archived chat back.
    pub unarchive_chats: Option<bool>,
    /// Salt of the tokens for strangers, hexadecimal.
    pub nct_salt: Option<String>,
    /// By peer's number or JID.
    pub chats: BTreeMap<String, ChatSettings>,
    /// Starred messages.
    pub starred: Vec<MessageRef>,
    /// Messages deleted for the account only.
    pub deleted_messages: Vec<MessageRef>,
    /// Labels that are not deleted, by id.
    pub labels: BTreeMap<String, Label>,
    /// Saved contacts, by number or JID.
    pub contacts: BTreeMap<String, ContactName>,
    /// Quick replies that are not deleted, by id.
    pub quick_replies: BTreeMap<String, QuickReply>,
}

impl Simulated {
    /// Where the phone stands with every collection.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn app_state_collections(&self, pn: &str) -> PortResult<Vec<CollectionStatus>> {
        let phone = self.phone(pn).await?;
        let mut collections = Vec::new();
        for collection in COLLECTIONS {
            let position = self.store.position(phone.pn(), collection.as_str()).await?;
            collections.push(CollectionStatus {
                name: collection.as_str().to_owned(),
                version: position.state.version,
                diverged: position.state.mac_mismatch_fatal,
                snapshot: position.snapshot,
            });
        }
        Ok(collections)
    }

    /// The actions of a collection, the one set first leading.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn app_state_actions(&self, pn: &str, collection: &str) -> PortResult<Vec<Action>> {
        let phone = self.phone(pn).await?;
        let records = self.store.records(phone.pn(), collection).await?;
        // written again under a newer key, an index has two records
        let mut newest: BTreeMap<Vec<String>, Record> = BTreeMap::new();
        for record in records {
            newest.insert(record.index.clone(), record);
        }
        let mut actions: Vec<Action> = newest.into_values().map(Action::from).collect();
        actions.sort_by_key(|action| action.version);
        Ok(actions)
    }

    /// What the known actions say.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn app_state(&self, pn: &str) -> PortResult<AppState> {
        let mut state = AppState::default();
        for collection in COLLECTIONS {
            for action in self.app_state_actions(pn, collection.as_str()).await? {
                let about = match action.index.as_slice() {
                    [name, _, jid] if name == "label_jid" => self.chat_of(jid).await?,
                    [_, jid, ..] => self.chat_of(jid).await?,
                    _ => String::new(),
                };
                state.apply(&action, &about);
            }
        }
        Ok(state)
    }
}

impl From<Record> for Action {
    fn from(record: Record) -> Self {
        Self { index: record.index, value: record.action, version: record.version, key_id: record.key_id }
    }
}

impl AppState {
    /// Adds one action, about a chat or contact where it is about one.
    fn apply(&mut self, action: &Action, about: &str) {
        let (Some(name), value) = (action.index.first(), &action.value) else { return };
        let time = value.timestamp;
        match name.as_str() {
            "setting_pushName" => self.push_name.clone_from(&value.push_name_setting.name),
            "setting_locale" => self.locale.clone_from(&value.locale_setting.locale),
            "setting_unarchiveChats" => {
                self.unarchive_chats = value.unarchive_chats_setting.unarchive_chats;
            }
            "nct_salt_sync" => self.nct_salt = value.nct_salt_sync_action.salt.as_deref().map(hex::encode),
            "archive" => self.chat(about).archived = value.archive_chat_action.archived == Some(true),
            "pin_v1" => {
                self.chat(about).pinned = time.filter(|_| value.pin_action.pinned == Some(true));
            }
            "mute" => {
                let action = &value.mute_action;
                let until = action.mute_end_timestamp.or(Some(-1));
                self.chat(about).muted_until = until.filter(|_| action.muted == Some(true));
            }
            "markChatAsRead" => {
                self.chat(about).marked_unread = value.mark_chat_as_read_action.read == Some(false);
            }
            "userStatusMute" => {
                self.chat(about).status_muted = value.user_status_mute_action.muted == Some(true);
            }
            "clearChat" => self.chat(about).cleared = time,
            "deleteChat" => self.chat(about).deleted = time,
            "star" if value.star_action.starred == Some(true) => {
                self.starred.extend(message_ref(action, about));
            }
            "deleteMessageForMe" => self.deleted_messages.extend(message_ref(action, about)),
            "label_jid" if value.label_association_action.labeled == Some(true) => {
                let label = action.index.get(1).cloned().unwrap_or_default();
                self.chat(about).labels.push(label);
            }
            _ => self.apply_named(action, about),
        }
    }

    /// Adds one action about a thing with an id or a contact.
    fn apply_named(&mut self, action: &Action, about: &str) {
        let [name, id, ..] = action.index.as_slice() else { return };
        let value = &action.value;
        match name.as_str() {
            "label_edit" if value.label_edit_action.deleted != Some(true) => {
                let edit = &value.label_edit_action;
                let label = Label {
                    name: edit.name.clone().unwrap_or_default(),
                    color: edit.color.unwrap_or_default(),
                };
                self.labels.insert(id.clone(), label);
            }
            "contact" => {
                let contact = &value.contact_action;
                let (full_name, first_name) = (contact.full_name.clone(), contact.first_name.clone());
                self.contacts.insert(about.to_owned(), ContactName { full_name, first_name });
            }
            "lid_contact" => {
                let contact = &value.lid_contact_action;
                let (full_name, first_name) = (contact.full_name.clone(), contact.first_name.clone());
                self.contacts.insert(about.to_owned(), ContactName { full_name, first_name });
            }
            "quick_reply" if value.quick_reply_action.deleted != Some(true) => {
                let reply = &value.quick_reply_action;
                let reply = QuickReply {
                    shortcut: reply.shortcut.clone().unwrap_or_default(),
                    message: reply.message.clone().unwrap_or_default(),
                    keywords: reply.keywords.clone(),
                };
                self.quick_replies.insert(id.clone(), reply);
            }
            _ => {}
        }
    }

    fn chat(&mut self, chat: &str) -> &mut ChatSettings {
        self.chats.entry(chat.to_owned()).or_default()
    }
}

/// The message that an index names: `[…, chat, id, fromMe, participant]`.
fn message_ref(action: &Action, chat: &str) -> Option<MessageRef> {
    let [_, _, id, from_me, ..] = action.index.as_slice() else { return None };
    Some(MessageRef { chat: chat.to_owned(), id: id.clone(), from_me: from_me == "1" })
}
