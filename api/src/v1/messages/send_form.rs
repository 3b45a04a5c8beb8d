//! The same send as a form, for callers that have the file at hand.

use axum::{body::Body as HttpBody, response::Response};
use http::{HeaderMap, header};
use serde::Deserialize;
use ulid::Ulid;
use utoipa::ToSchema;
use wagate_domain::{
    Invalid,
    messages::{self, Body, MediaKind},
};

use super::{
    media::{Wanted, check_target},
    request::{MessagePriority, MessageType, check_caption, when},
    send::Sender,
};
use crate::{
    extract::{Answer, Fingerprint, Once, invalid_from},
    intake::{self, Declared, FilePart, Form, Incoming},
    problem::Problem,
};

/// A message with its file. The file comes last.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the form; it is read part by part")]
pub(crate) struct SendForm {
    /// A number with its country code, or a JID.
    #[schema(example = "+6281234567890")]
    to: String,
    /// `image`, `video`, `audio`, `voice` or `document`.
    #[schema(rename = "type", example = "image")]
    r#type: String,
    /// Text below it. Not with audio and voice.
    caption: Option<String>,
    /// The file's name; that of the part when left out.
    file_name: Option<String>,
    /// The file's type; that of the part, or found out, when left out.
    mimetype: Option<String>,
    /// Id of a message of this session to answer.
    reply_to: Option<String>,
    /// Number or JID of a person to mention; may be repeated.
    mentions: Option<Vec<String>>,
    /// `interactive` (default) or `bulk`.
    priority: Option<String>,
    /// Not before this moment: RFC 3339, or a date and time of day together with `time_zone`.
    send_at: Option<String>,
    /// IANA time zone of a `send_at` without an offset.
    time_zone: Option<String>,
    /// After this moment (RFC 3339) it is not sent any more.
    expires_at: Option<String>,
    /// Name of the campaign it belongs to.
    campaign: Option<String>,
    /// The file, last.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The text fields of the form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    to: String,
    #[serde(rename = "type")]
    kind: MessageType,
    caption: Option<String>,
    file_name: Option<String>,
    mimetype: Option<String>,
    reply_to: Option<String>,
    #[serde(default)]
    mentions: Vec<String>,
    #[serde(default)]
    priority: MessagePriority,
    send_at: Option<String>,
    time_zone: Option<String>,
    expires_at: Option<String>,
    campaign: Option<String>,
}

/// Sends the message in a form.
pub(super) async fn send(
    sender: Sender<'_>,
    once: Once,
    headers: &HeaderMap,
    body: HttpBody,
) -> Result<Response, Problem> {
    let mut form = Form::open(headers, body)?;
    let answer = send_opened(sender, once, headers, &mut form).await;
    form.drain().await;
    answer
}

/// Reads the form up to the file, then sends the message while the file streams through.
async fn send_opened(
    sender: Sender<'_>,
    once: Once,
    headers: &HeaderMap,
    form: &mut Form,
) -> Result<Response, Problem> {
    let (pairs, file) = form.until_file().await?;
    let fingerprint = fingerprint(headers, &pairs, &file);
    let fields = parse(pairs)?;
    let kind = fields
        .kind
        .media_kind()
        .ok_or_else(|| Invalid::new("type", "text carries no file", "send text as application/json"))?;
    once.run(sender.state, fingerprint, |seed| async move {
        let sent = send_file(sender, form, fields, (kind, file), seed).await;
        // the fields of a form are not inside an object named by the type
        sent.map_err(|problem| problem.outside(kind.name()))
    })
    .await
}

async fn send_file(
    sender: Sender<'_>,
    form: &mut Form,
    fields: Fields,
    (kind, file): (MediaKind, FilePart),
    seed: Option<Ulid>,
) -> Result<Answer, Problem> {
    check_caption(kind, fields.caption.as_deref())?;
    let send_at = when(fields.send_at, fields.time_zone)?;
    check_target(sender.state, sender.caller.principal(), sender.session, &fields.to).await?;
    let wanted = Wanted { state: sender.state, caller: sender.caller, kind, seed };
    let incoming = Incoming {
        declared: Declared::first(fields.mimetype.or(file.mime), None),
        file_name: fields.file_name.clone().or(file.file_name),
        bytes: file.bytes,
    };
    let attached = wanted.stage("file", incoming).await?;
    if let Err(problem) = form.end().await {
        if let Some(media) = &attached.ours {
            intake::discard(sender.state, media).await;
        }
        return Err(problem);
    }
    let media = attached.media;
    let message = messages::SendMessage {
        session: sender.session,
        to: fields.to,
        body: Body::Media { kind, media, caption: fields.caption, file_name: fields.file_name },
        reply_to: fields.reply_to,
        mentions: fields.mentions,
        priority: fields.priority.into(),
        send_at,
        expires_at: fields.expires_at,
        campaign: fields.campaign,
        seed,
    };
    sender.accept(message, Some(attached)).await
}

/// The file's bytes are not in it: they are still on their way when the key is looked up.
fn fingerprint(headers: &HeaderMap, pairs: &[(String, String)], file: &FilePart) -> Fingerprint {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named =
        [length, file.mime.as_deref().unwrap_or_default(), file.file_name.as_deref().unwrap_or_default()];
    let fields = pairs.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    Fingerprint::of(named.into_iter().chain(fields))
}

/// The fields through the same checks as a JSON body.
fn parse(pairs: Vec<(String, String)>) -> Result<Fields, Problem> {
    let mut object = serde_json::Map::new();
    let mut mentions = Vec::new();
    for (name, value) in pairs {
        if name == "mentions" {
            mentions.push(serde_json::Value::String(value));
        } else if object.insert(name.clone(), value.into()).is_some() {
            return Err(Invalid::new(name, "is there twice", "send it once").into());
        }
    }
    object.insert("mentions".to_owned(), mentions.into());
    serde_path_to_error::deserialize(serde_json::Value::Object(object))
        .map_err(|error| invalid_from(error.path(), error.inner()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Result<Fields, Option<String>> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        parse(pairs).map_err(|problem| problem.body(None).field)
    }

    #[test]
    fn fields_are_held_to_the_same_rules_as_json() {
        let read = fields(&[("to", "1"), ("type", "image"), ("mentions", "2"), ("mentions", "3")]).unwrap();
        assert_eq!((read.kind, read.mentions.len()), (MessageType::Image, 2));
        for (pairs, field) in [
            (vec![("to", "1")], "type"),
            (vec![("type", "image")], "to"),
            (vec![("to", "1"), ("type", "poem")], "type"),
            (vec![("to", "1"), ("type", "image"), ("captoin", "x")], "captoin"),
            (vec![("to", "1"), ("to", "2"), ("type", "image")], "to"),
        ] {
            assert_eq!(fields(&pairs).unwrap_err().as_deref(), Some(field), "{pairs:?}");
        }
    }
}
