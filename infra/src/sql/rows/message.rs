//! A message in or out.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Address, ContactIds, Timestamp,
    messages::{Direction, Message, Priority, Status, Times},
    ports::PortResult,
};

use super::{contact, from_json, optional_text, parse, text, to_json, unreadable};

/// Row of `messages`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub session_id: String,
    pub direction: String,
    pub chat: String,
    pub chat_key: String,
    pub stanza_id: String,
    pub content: String,
    pub quote: Option<String>,
    pub mentions: Option<String>,
    pub offline: bool,
    pub push_name: Option<String>,
    pub priority: String,
    pub status: String,
    pub failure: Option<String>,
    pub times: String,
    pub expires_at: Option<i64>,
    pub at: i64,
    pub send_at: Option<i64>,
    pub campaign: Option<String>,
    pub revision: i64,
    pub sender: Option<String>,
    pub unread: bool,
    pub past: bool,
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

/// The name of a direction in the database.
pub(in crate::sql) const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Out => "out",
        Direction::In => "in",
    }
}

/// The name of a priority in the database.
pub(in crate::sql) const fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::Interactive => "interactive",
        Priority::Bulk => "bulk",
    }
}

impl Model {
    /// The row of a message in the chat of that key.
    pub(in crate::sql) fn of(message: &Message, chat_key: String) -> PortResult<Self> {
        Ok(Self {
            id: message.id.to_string(),
            workspace_id: message.workspace.to_string(),
            session_id: message.session.to_string(),
            direction: direction_name(message.direction).to_owned(),
            chat: message.chat.to_string(),
            chat_key,
            stanza_id: text(&message.stanza_id).into_owned(),
            content: to_json(&message.content)?,
            quote: message.quote.as_ref().map(to_json).transpose()?,
            mentions: (!message.mentions.is_empty()).then(|| to_json(&message.mentions)).transpose()?,
            offline: message.offline,
            push_name: optional_text(message.push_name.as_deref()),
            priority: priority_name(message.priority).to_owned(),
            status: message.status.name().to_owned(),
            failure: message.failure.as_ref().map(to_json).transpose()?,
            times: to_json(&message.times)?,
            expires_at: message.expires_at.map(Timestamp::as_millis),
            at: message.at.as_millis(),
            send_at: message.send_at.map(Timestamp::as_millis),
            campaign: message.campaign.clone(),
            revision: i64::from(message.revision),
            sender: message.sender.as_ref().map(to_json).transpose()?,
            unread: false,
            past: false,
        })
    }

    /// Whether WhatsApp has it, so that it stands in its chat: what waits or has failed does not.
    pub(in crate::sql) fn stands_in_chat(&self) -> PortResult<bool> {
        Ok(matches!(
            self.status()?,
            Status::Sent | Status::Delivered | Status::Read | Status::Played | Status::Received
        ))
    }

    /// Where the message stands.
    pub(in crate::sql) fn status(&self) -> PortResult<Status> {
        Status::from_name(&self.status).ok_or_else(|| unreadable("message status", &self.status))
    }

    /// Whether its writer has taken it back.
    pub(in crate::sql) fn is_deleted(&self) -> bool {
        self.times().is_ok_and(|times| times.deleted.is_some())
    }

    /// When each step happened.
    pub(in crate::sql) fn times(&self) -> PortResult<Times> {
        from_json("times", &self.times)
    }

    /// The message with what is known of its contact.
    pub(in crate::sql) fn read(self, contact: Option<contact::Model>) -> PortResult<Message> {
        let status = self.status()?;
        let times = self.times()?;
        Ok(Message {
            id: parse("message id", &self.id)?,
            workspace: parse("workspace id", &self.workspace_id)?,
            session: parse("session id", &self.session_id)?,
            direction: if self.direction == "out" { Direction::Out } else { Direction::In },
            chat: Address::from_canonical(&self.chat).ok_or_else(|| unreadable("chat", &self.chat))?,
            contact_id: contact.as_ref().map(|contact| parse("contact id", &contact.id)).transpose()?,
            contact: contact
                .map(|contact| ContactIds { pn: contact.pn, lid: contact.lid })
                .unwrap_or_default(),
            stanza_id: self.stanza_id,
            content: from_json("content", &self.content)?,
            quote: self.quote.as_deref().map(|quote| from_json("quote", quote)).transpose()?,
            mentions: self
                .mentions
                .as_deref()
                .map(|mentions| from_json("mentions", mentions))
                .transpose()?
                .unwrap_or_default(),
            offline: self.offline,
            push_name: self.push_name,
            priority: if self.priority == "bulk" { Priority::Bulk } else { Priority::Interactive },
            status,
            failure: self.failure.as_deref().map(|failure| from_json("failure", failure)).transpose()?,
            times,
            expires_at: self.expires_at.map(Timestamp::from_millis),
            at: Timestamp::from_millis(self.at),
            send_at: self.send_at.map(Timestamp::from_millis),
            campaign: self.campaign,
            revision: u32::try_from(self.revision).unwrap_or(u32::MAX),
            sender: self.sender.as_deref().map(|sender| from_json("sender", sender)).transpose()?,
        })
    }
}
