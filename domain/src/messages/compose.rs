//! From a request to a message: checked whole, before anything is queued.

use std::collections::HashMap;

use super::{Body, MAX_TEXT, SendError, SendMessage, SendPorts, when::schedule};
use crate::{
    Address, ContactIds, Env, Invalid, MediaId, MessageId,
    address::BadAddress,
    auth::Principal,
    ids::Id,
    media::{Media, MediaState},
    messages::{Content, Direction, MediaKind, Message, Quote, Times},
    ports::PortResult,
    sessions::Session,
};

/// Longest caption, in characters.
const MAX_CAPTION: usize = 1_024;
/// Most people one message can mention.
const MAX_MENTIONS: usize = 256;
/// Longest name of a campaign, in characters.
const MAX_CAMPAIGN: usize = 64;

/// Composes messages of one session; what several of them name is looked up once.
pub(super) struct Composer<'a> {
    env: &'a Env,
    ports: SendPorts<'a>,
    caller: Principal,
    session: &'a Session,
    media: HashMap<MediaId, Option<Media>>,
}

impl<'a> Composer<'a> {
    pub(super) fn new(env: &'a Env, ports: SendPorts<'a>, caller: Principal, session: &'a Session) -> Self {
        Self { env, ports, caller, session, media: HashMap::new() }
    }

    /// The message a request describes.
    pub(super) async fn compose(&mut self, request: SendMessage) -> Result<Message, SendError> {
        let now = self.env.now();
        let chat: Address = request.to.parse().map_err(|why| bad_address("to", why))?;
        let mentions = parse_mentions(&request.mentions)?;
        let schedule = schedule(now, request.send_at.as_ref(), request.expires_at.as_deref())?;
        let campaign = request.campaign.map(check_campaign).transpose()?;
        let content = self.content(request.body).await?;
        let quote = match &request.reply_to {
            Some(id) => Some(self.quote(id).await?),
            None => None,
        };
        let id = request.seed.map_or_else(|| self.env.new_id::<MessageId>(), MessageId::from_ulid);
        let status = schedule.status();
        let mut times = Times::default();
        times.note(status, now);
        Ok(Message {
            id,
            workspace: self.caller.workspace,
            session: self.session.id,
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
            status,
            failure: None,
            times,
            send_at: schedule.send_at,
            expires_at: Some(schedule.expires_at),
            campaign,
            revision: 0,
            sender: None,
            at: now,
        })
    }

    /// What a message carries.
    pub(super) async fn content(&mut self, body: Body) -> Result<Content, SendError> {
        match body {
            Body::Text(body) => {
                check_text("text.body", &body, MAX_TEXT)?;
                Ok(Content::Text { body })
            }
            Body::Media { kind, media, caption, file_name } => {
                if let Some(caption) = &caption {
                    check_text(&format!("{}.caption", kind.name()), caption, MAX_CAPTION)?;
                }
                Ok(media_content(kind, self.staged(media).await?, caption, file_name)?)
            }
        }
    }

    async fn staged(&mut self, id: MediaId) -> PortResult<Option<Media>> {
        if let Some(known) = self.media.get(&id) {
            return Ok(known.clone());
        }
        let found = self.ports.media.get(self.caller.workspace, id).await?;
        self.media.insert(id, found.clone());
        Ok(found)
    }

    async fn quote(&self, id: &str) -> Result<Quote, SendError> {
        let unknown = || {
            Invalid::new(
                "reply_to",
                "is not a message of this session",
                "use the id (msg_…) of a message of this session",
            )
        };
        let id: MessageId = id.parse().map_err(|_| unknown())?;
        let found = self.ports.messages.get(self.caller.workspace, id).await?;
        let quoted = found.filter(|message| message.session == self.session.id).ok_or_else(unknown)?;
        let from_me = quoted.direction == Direction::Out;
        Ok(Quote {
            stanza_id: quoted.stanza_id,
            message: Some(id),
            from_me,
            author: (!from_me).then_some(quoted.chat),
            text: quoted.content.text().map(str::to_owned),
        })
    }
}

fn check_campaign(name: String) -> Result<String, Invalid> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    if name.is_empty() || name.len() > MAX_CAMPAIGN || !name.chars().all(fits) {
        let remedy = format!("use 1 to {MAX_CAMPAIGN} letters, digits and _ - . :");
        return Err(Invalid::new("campaign", "is not a name of a campaign", remedy));
    }
    Ok(name)
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
