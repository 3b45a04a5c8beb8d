//! What an export has a line for.

use crate::{
    Contact,
    audit::AuditEntry,
    auth::ApiKey,
    chats::Chat,
    events::Told,
    media::Media,
    messages::Message,
    people::{Invitation, Member},
    retention::Retention,
    sessions::Session,
    webhooks::Webhook,
    workspaces::Workspace,
};

/// One thing of a workspace. How much of it is written is decided where it is written: never a secret.
#[derive(Debug, Clone)]
pub enum Item {
    /// The workspace; the first line.
    Workspace(Box<Workspace>),
    /// What it has set.
    Settings(Settings),
    /// A member.
    Member(Member),
    /// Somebody who was asked to become one.
    Invitation(Invitation),
    /// An API key.
    Key(Box<ApiKey>),
    /// A webhook.
    Webhook(Box<Webhook>),
    /// A session.
    Session(Box<Session>),
    /// A contact.
    Contact(Contact),
    /// A chat.
    Chat(Box<Chat>),
    /// A message.
    Message(Box<Message>),
    /// An event.
    Event(Box<Told>),
    /// A media object.
    Media(Box<Media>),
    /// An entry of the audit log.
    Audit(Box<AuditEntry>),
}

/// What a workspace has set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long what is kept.
    pub retention: Retention,
    /// Origins of web pages that may call.
    pub origins: Vec<String>,
}
