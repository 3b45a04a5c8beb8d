//! Lines of an export: one JSON object each, with its `kind`. Never a secret: what a credential could be made of has no
//! field here.

use serde::Serialize;
use serde_json::Value;
use wagate_domain::{
    Contact,
    audit::AuditEntry,
    auth::ApiKey,
    chats::Chat,
    exports::{Item, Settings},
    media::Media,
    people::{Invitation, Member},
    sessions::Session,
    webhooks::Webhook,
    workspaces::Workspace,
};

use crate::{MediaViewState, SessionState, events::Envelope, message::MessageView};

/// Version of the format; it stands in the first line.
pub const FORMAT: u32 = 1;

/// One line. Times are RFC 3339 in UTC; fields may be added.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    Workspace { format: u32, id: String, name: String, plan: Option<Value>, created_at: String },
    Settings { retention: Value, cors_origins: Vec<String> },
    Member { user: String, address: String, name: String, role: &'static str, since: String },
    Invitation { id: String, address: String, role: &'static str, created_at: String, expires_at: String },
    Key(Box<KeyLine>),
    Webhook(Box<WebhookLine>),
    Session(Box<SessionLine>),
    Contact { id: String, session: String, pn: Option<String>, lid: Option<String>, name: Option<String> },
    Chat(Box<ChatLine>),
    Message(Box<MessageView>),
    Event(Box<Envelope>),
    Media(Box<MediaLine>),
    Audit(Box<AuditLine>),
}

#[derive(Debug, Serialize)]
struct KeyLine {
    id: String,
    name: String,
    prefix: String,
    scopes: Vec<&'static str>,
    sessions: Option<Vec<String>>,
    allowed_ips: Vec<String>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct WebhookLine {
    id: String,
    url: String,
    description: Option<String>,
    session: Option<String>,
    events: Vec<String>,
    header_names: Vec<String>,
    notify_email: Option<String>,
    enabled: bool,
    created_at: String,
}

#[derive(Debug, Serialize)]
struct SessionLine {
    id: String,
    name: String,
    state: SessionState,
    started: bool,
    phone: Option<String>,
    lid: Option<String>,
    push_name: Option<String>,
    linked_at: Option<String>,
    created_at: String,
}

#[derive(Debug, Serialize)]
struct ChatLine {
    session: String,
    chat: String,
    contact: Option<String>,
    name: Option<String>,
    unread: u64,
    marked_unread: bool,
    archived: bool,
    pinned: bool,
    muted: bool,
    left: bool,
    last_message: Option<String>,
    at: String,
}

#[derive(Debug, Serialize)]
struct MediaLine {
    id: String,
    session: Option<String>,
    message: Option<String>,
    state: MediaViewState,
    mimetype: String,
    size: u64,
    sha256: Option<String>,
    file_name: Option<String>,
    object_key: String,
    created_at: String,
}

#[derive(Debug, Serialize)]
struct AuditLine {
    id: String,
    at: String,
    actor: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    action: String,
    outcome: &'static str,
    target: Option<String>,
    before: Option<Value>,
    after: Option<Value>,
}

/// Writes a thing of a workspace as one line, with the newline.
///
/// # Errors
/// When it cannot be written as JSON, which the types rule out.
pub fn write_line(item: Item, into: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *into, &line(item)?)?;
    into.push(b'\n');
    Ok(())
}

fn line(item: Item) -> serde_json::Result<Line> {
    Ok(match item {
        Item::Workspace(workspace) => {
            let Workspace { id, name, plan, suspended: _, deletion: _, created_at } = *workspace;
            let plan = plan.map(serde_json::to_value).transpose()?;
            let (id, created_at) = (id.to_string(), created_at.to_string());
            Line::Workspace { format: FORMAT, id, name, plan, created_at }
        }
        Item::Settings(Settings { retention, origins }) => {
            Line::Settings { retention: serde_json::to_value(retention)?, cors_origins: origins }
        }
        Item::Member(Member { user, address, name, role, since }) => Line::Member {
            user: user.to_string(),
            address: address.to_string(),
            name,
            role: role.name(),
            since: since.to_string(),
        },
        Item::Invitation(Invitation { id, workspace: _, address, role, by: _, created_at, expires_at }) => {
            Line::Invitation {
                id: id.to_string(),
                address: address.to_string(),
                role: role.name(),
                created_at: created_at.to_string(),
                expires_at: expires_at.to_string(),
            }
        }
        Item::Key(key) => Line::Key(Box::new(key_line(*key))),
        Item::Webhook(webhook) => Line::Webhook(Box::new(webhook_line(*webhook))),
        Item::Session(session) => Line::Session(Box::new(session_line(*session))),
        Item::Contact(Contact { id, workspace: _, session, ids, push_name, updated_at: _ }) => {
            Line::Contact {
                id: id.to_string(),
                session: session.to_string(),
                pn: ids.pn,
                lid: ids.lid,
                name: push_name,
            }
        }
        Item::Chat(chat) => Line::Chat(Box::new(chat_line(*chat))),
        Item::Message(message) => Line::Message(Box::new((*message).into())),
        Item::Event(told) => Line::Event(Box::new((*told).into())),
        Item::Media(media) => Line::Media(Box::new(media_line(*media))),
        Item::Audit(entry) => Line::Audit(Box::new(audit_line(*entry))),
    })
}

fn key_line(key: ApiKey) -> KeyLine {
    KeyLine {
        id: key.id.to_string(),
        name: key.name,
        prefix: key.prefix,
        scopes: key.scopes.names(),
        sessions: key.sessions.map(|ids| ids.iter().map(ToString::to_string).collect()),
        allowed_ips: key.addresses.texts(),
        created_at: key.created_at.to_string(),
        expires_at: key.expires_at.map(|at| at.to_string()),
        revoked_at: key.revoked_at.map(|at| at.to_string()),
    }
}

fn webhook_line(webhook: Webhook) -> WebhookLine {
    WebhookLine {
        id: webhook.id.to_string(),
        url: webhook.url,
        description: webhook.description,
        session: webhook.session.map(|id| id.to_string()),
        events: webhook.events.iter().map(ToString::to_string).collect(),
        // what they say may let somebody in
        header_names: webhook.headers.into_iter().map(|(name, _)| name).collect(),
        notify_email: webhook.notify_email,
        enabled: webhook.enabled,
        created_at: webhook.created_at.to_string(),
    }
}

fn session_line(session: Session) -> SessionLine {
    SessionLine {
        id: session.id.to_string(),
        name: session.name,
        state: session.state.into(),
        started: session.wanted,
        phone: session.pn.map(|digits| format!("+{digits}")),
        lid: session.lid,
        push_name: session.push_name,
        linked_at: session.linked_at.map(|at| at.to_string()),
        created_at: session.created_at.to_string(),
    }
}

fn chat_line(chat: Chat) -> ChatLine {
    ChatLine {
        session: chat.session.to_string(),
        chat: chat.address.to_string(),
        contact: chat.contact_id.map(|id| id.to_string()),
        name: chat.name,
        unread: chat.unread,
        marked_unread: chat.marked_unread,
        archived: chat.archived,
        pinned: chat.pinned,
        muted: chat.muted.is_some(),
        left: chat.left,
        last_message: chat.last_message.map(|id| id.to_string()),
        at: chat.at.to_string(),
    }
}

fn media_line(media: Media) -> MediaLine {
    let object_key = media.object_key();
    // what opens the file at WhatsApp stays here
    let Media {
        id,
        workspace: _,
        session,
        message,
        state,
        mime,
        size,
        sha256,
        file_name,
        locator: _,
        staged_with: _,
        created_at,
    } = media;
    MediaLine {
        id: id.to_string(),
        session: session.map(|id| id.to_string()),
        message: message.map(|id| id.to_string()),
        state: state.into(),
        mimetype: mime,
        size,
        sha256,
        file_name,
        object_key,
        created_at: created_at.to_string(),
    }
}

fn audit_line(entry: AuditEntry) -> AuditLine {
    let AuditEntry {
        id,
        workspace: _,
        at,
        actor,
        address,
        request_id,
        action,
        outcome,
        target,
        before,
        after,
    } = entry;
    AuditLine {
        id: id.to_string(),
        at: at.to_string(),
        actor: actor.written(),
        address: address.map(|address| address.to_string()),
        request_id,
        action,
        outcome: outcome.name(),
        target,
        before,
        after,
    }
}
