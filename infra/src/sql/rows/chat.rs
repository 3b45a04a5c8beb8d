//! A chat as one session has it.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Address, ContactIds, Timestamp,
    chats::{Chat, Muted},
    ports::PortResult,
};

use super::{contact, parse, parse_optional, unreadable, unsigned};

/// Row of `chats`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chats")]
pub struct Model {
    pub workspace_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub chat_key: String,
    pub chat: String,
    pub name: Option<String>,
    pub at: i64,
    pub last_message_id: Option<String>,
    pub unread: i64,
    pub marked_unread: bool,
    pub archived: bool,
    pub pinned: bool,
    pub muted: bool,
    pub muted_until: Option<i64>,
    pub deleted: bool,
    pub left_group: bool,
    pub changed_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "contact::Entity", from = "Column::ChatKey", to = "contact::Column::Id")]
    Contact,
}

impl Related<contact::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Contact.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The chat with what is known of its contact.
    pub(in crate::sql) fn read(self, contact: Option<contact::Model>) -> PortResult<Chat> {
        let muted_until = self.muted_until.map(Timestamp::from_millis);
        Ok(Chat {
            workspace: parse("workspace id", &self.workspace_id)?,
            session: parse("session id", &self.session_id)?,
            key: self.chat_key,
            address: Address::from_canonical(&self.chat).ok_or_else(|| unreadable("chat", &self.chat))?,
            contact_id: contact.as_ref().map(|contact| parse("contact id", &contact.id)).transpose()?,
            name: self.name.or_else(|| contact.as_ref().and_then(|contact| contact.push_name.clone())),
            contact: contact
                .map(|contact| ContactIds { pn: contact.pn, lid: contact.lid })
                .unwrap_or_default(),
            at: Timestamp::from_millis(self.at),
            last_message: parse_optional("message id", self.last_message_id.as_deref())?,
            unread: unsigned(self.unread),
            marked_unread: self.marked_unread,
            archived: self.archived,
            pinned: self.pinned,
            muted: self.muted.then_some(Muted { until: muted_until }),
            left: self.left_group,
        })
    }
}
