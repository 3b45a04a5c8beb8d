//! Accepting a message: checked whole, then one atomic step into the session's lane.

use std::time::Duration;

use crate::{
    Address, ContactIds, Env, Invalid, MediaId, MessageId, SessionId,
    address::BadAddress,
    auth::Principal,
    events::{Event, EventData},
    ids::Id,
    media::{Media, MediaState},
    messages::{Content, Direction, MediaKind, Message, Priority, Quote, Status, Times},
    ports::{Accept, Lanes, MediaIndex, Messages, PortError, Sessions},
    sessions::Session,
};

/// Longest text of a message, in characters (WhatsApp's own limit).
pub const MAX_TEXT: usize = 65_536;
/// Longest caption, in characters.
const MAX_CAPTION: usize = 1_024;
/// Most people one message can mention.
const MAX_MENTIONS: usize = 256;
/// How long a message waits for its session before it expires.
const PATIENCE: Duration = Duration::from_hours(24);

/// What to send.
#[derive(Debug, Clone)]
pub enum Body {
    /// Text.
    Text(String),
    /// A staged media object.
    Media {
        /// How it is shown.
        kind: MediaKind,
        /// The staged object.
        media: MediaId,
        /// Text below it.
        caption: Option<String>,
        /// Name of the file, overriding the staged one.
        file_name: Option<String>,
    },
}

/// A request to send one message.
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// Session to send through.
    pub session: SessionId,
    /// Number or JID, as the caller wrote it.
    pub to: String,
    /// What to send.
    pub body: Body,
    /// Our id of the message to answer.
    pub reply_to: Option<String>,
    /// Numbers or JIDs to mention.
    pub mentions: Vec<String>,
    /// Which queue.
    pub priority: Priority,
    /// Fixes the id, so that a repeated request makes one message.
    pub seed: Option<ulid::Ulid>,
}

/// An accepted message and the session it waits for.
#[derive(Debug, Clone)]
pub struct SentMessage {
    /// The message as queued.
    pub message: Message,
    /// The session as it stood.
    pub session: Session,
}

/// Why a message was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No such session in this workspace.
    #[error("no such session")]
    SessionNotFound,
    /// A machine behind us failed; nothing was accepted.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Where [`send`] looks things up and leaves the message.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct SendPorts<'a> {
    /// Sessions of the workspace.
    pub sessions: &'a dyn Sessions,
    /// Messages on record, for quotes.
    pub messages: &'a dyn Messages,
    /// Staged media.
    pub media: &'a dyn MediaIndex,
    /// The queue.
    pub lanes: &'a dyn Lanes,
}

/// Accepts a message into its session's lane. Safe to repeat with the same `seed`.
///
/// # Errors
/// See [`SendError`]; on any error nothing was queued.
pub async fn send(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    request: SendMessage,
) -> Result<SentMessage, SendError> {
    let chat: Address = request.to.parse().map_err(|why| bad_address("to", why))?;
    let mentions = parse_mentions(&request.mentions)?;
    if let Body::Text(body) = &request.body {
        check_text("text.body", body, MAX_TEXT)?;
    }
    let session =
        ports.sessions.get(caller.workspace, request.session).await?.ok_or(SendError::SessionNotFound)?;
    let quote = match &request.reply_to {
        Some(id) => Some(resolve_quote(ports.messages, caller, &session, id).await?),
        None => None,
    };
    let content = match request.body {
        Body::Text(body) => Content::Text { body },
        Body::Media { kind, media, caption, file_name } => {
            if let Some(caption) = &caption {
                check_text(&format!("{}.caption", kind.name()), caption, MAX_CAPTION)?;
            }
            let stored = ports.media.get(caller.workspace, media).await?;
            media_content(kind, stored, caption, file_name)?
        }
    };
    let id = request.seed.map_or_else(|| env.new_id::<MessageId>(), MessageId::from_ulid);
    let now = env.now();
    let mut times = Times::default();
    times.note(Status::Accepted, now);
    let message = Message {
        id,
        workspace: caller.workspace,
        session: session.id,
        direction: Direction::Out,
        contact: ContactIds::of(&chat),
        chat,
        contact_id: None,
        stanza_id: id.stanza_id(),
        content,
        quote,
        mentions,
        offline: false,
        push_name: None,
        priority: request.priority,
        status: Status::Accepted,
        failure: None,
        times,
        expires_at: Some(now.plus(PATIENCE)),
        at: now,
    };
    let event = Event::new(env, session.key(), EventData::MessageAccepted(Box::new(message.clone())));
    ports.lanes.accept(&Accept { lane: session.key(), message: message.clone(), due: None, event }).await?;
    Ok(SentMessage { message, session })
}

fn bad_address(field: &str, why: BadAddress) -> Invalid {
    Invalid::new(field, why.to_string(), why.remedy())
}

fn check_text(field: &str, text: &str, max: usize) -> Result<(), Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::new(field, "is empty", "send at least one visible character"));
    }
    let length = text.chars().count();
    if length > max {
        let problem = format!("has {length} characters");
        return Err(Invalid::new(field, problem, format!("send at most {max} characters, or split it")));
    }
    Ok(())
}

fn parse_mentions(mentions: &[String]) -> Result<Vec<Address>, Invalid> {
    if mentions.len() > MAX_MENTIONS {
        return Err(Invalid::new(
            "mentions",
            "names too many people",
            format!("mention at most {MAX_MENTIONS}"),
        ));
    }
    let mut parsed = Vec::with_capacity(mentions.len());
    for (index, mention) in mentions.iter().enumerate() {
        let field = format!("mentions[{index}]");
        let address: Address = mention.parse().map_err(|why| bad_address(&field, why))?;
        if !address.is_person() {
            return Err(Invalid::new(field, "is not a person", "mention phone numbers or LIDs"));
        }
        parsed.push(address);
    }
    Ok(parsed)
}

async fn resolve_quote(
    messages: &dyn Messages,
    caller: Principal,
    session: &Session,
    id: &str,
) -> Result<Quote, SendError> {
    let unknown = || {
        Invalid::new(
            "reply_to",
            "is not a message of this session",
            "use the id (msg_…) of a message of this session",
        )
    };
    let id: MessageId = id.parse().map_err(|_| unknown())?;
    let quoted =
        messages.get(caller.workspace, id).await?.filter(|m| m.session == session.id).ok_or_else(unknown)?;
    let from_me = quoted.direction == Direction::Out;
    Ok(Quote {
        stanza_id: quoted.stanza_id,
        message: Some(id),
        from_me,
        author: (!from_me).then_some(quoted.chat),
        text: quoted.content.text().map(str::to_owned),
    })
}

fn media_content(
    kind: MediaKind,
    stored: Option<Media>,
    caption: Option<String>,
    file_name: Option<String>,
) -> Result<Content, Invalid> {
    let field = |leaf: &str| format!("{}.{leaf}", kind.name());
    let media = stored.ok_or_else(|| {
        Invalid::new(
            field("id"),
            "is not a media object of this workspace",
            "stage the file first: POST /api/v1/media",
        )
    })?;
    if media.state != MediaState::Ready {
        return Err(Invalid::new(field("id"), "has not been uploaded", "finish the upload, then send"));
    }
    if !kind.accepts(&media.mime) {
        let remedy = format!("send {}, or send it as a document", kind.accepted());
        return Err(Invalid::new(field("id"), format!("is of type {}", media.mime), remedy));
    }
    if media.size > kind.max_bytes() {
        let remedy = format!("send at most {} bytes as {}", kind.max_bytes(), kind.name());
        return Err(Invalid::new(field("id"), format!("has {} bytes", media.size), remedy));
    }
    Ok(Content::Media {
        kind,
        media: media.id,
        mime: media.mime,
        size: media.size,
        caption,
        file_name: file_name.or(media.file_name),
        seconds: None,
    })
}
