//! Sending from a phone, and fetching what it received.

use axum::Json;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::Body;
use super::number::{digits, recipient};
use super::problem::Problem;
use super::views::MessageView;
use super::{Control, fetch, multipart};
use crate::phones::{MediaKind, MediaUpload, Outgoing};

/// What kind of message to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MessageType {
    Text,
    Media,
}

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TextBody {
    body: String,
}

/// A file, by exactly one of `base64` and `url`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaBody {
    kind: MediaKind,
    mimetype: String,
    /// The file itself.
    base64: Option<String>,
    /// `http://` on loopback; the sandbox opens no other connection.
    url: Option<String>,
    caption: Option<String>,
    file_name: Option<String>,
}

/// A message to send from the phone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// Recipient's number, or the JID of a group.
    to: String,
    r#type: MessageType,
    /// With `type` `text`.
    text: Option<TextBody>,
    /// With `type` `media`.
    media: Option<MediaBody>,
    /// Message of the same chat to quote.
    reply_to: Option<String>,
    /// Numbers to mention.
    #[serde(default)]
    mentions: Vec<String>,
}

/// Sends a message: JSON, or `multipart/form-data` with the fields `to`, `kind`, `file` and
/// optionally `mimetype`, `caption`, `file_name`, `reply_to`, `mentions` (comma separated).
/// Answers when the network has acknowledged it; `status` is `failed` when the network refused.
#[utoipa::path(post, path = "/v1/phones/{number}/messages", tag = "messages", params(("number" = String, Path)),
    request_body = NewMessage, responses((status = 201, body = MessageView), (status = "4XX", body = Problem)))]
pub(super) async fn send(
    State(control): State<Control>,
    Path(number): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<MessageView>), Problem> {
    let number = digits("number", &number)?;
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let outgoing = if content_type.is_some_and(|value| value.starts_with("multipart/form-data")) {
        let form = Multipart::from_request(request, &control)
            .await
            .map_err(|rejection| Problem::body(rejection.status(), rejection.body_text()))?;
        multipart::outgoing(form).await?
    } else {
        let Body(new) = Body::<NewMessage>::from_request(request, &control).await?;
        new.outgoing().await?
    };
    let message = control.phones.send(&number, outgoing).await?;
    Ok((StatusCode::CREATED, Json(message.into())))
}

/// One message, by its id.
#[utoipa::path(get, path = "/v1/phones/{number}/messages/{id}", tag = "messages",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = MessageView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<Json<MessageView>, Problem> {
    Ok(Json(control.phones.message(&digits("number", &number)?, &id).await?.into()))
}

/// The decrypted file of a message.
#[utoipa::path(get, path = "/v1/phones/{number}/messages/{id}/media", tag = "messages",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = "4XX", body = Problem)))]
pub(super) async fn media(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (media, body) = control.phones.media(&digits("number", &number)?, &id).await?;
    let mimetype = header::HeaderValue::from_str(&media.mimetype)
        .unwrap_or(header::HeaderValue::from_static("application/octet-stream"));
    Ok(([(header::CONTENT_TYPE, mimetype)], body).into_response())
}

impl NewMessage {
    async fn outgoing(self) -> Result<Outgoing, Problem> {
        let mut outgoing = Outgoing {
            to: recipient("to", &self.to)?,
            reply_to: self.reply_to,
            mentions: self.mentions.iter().map(|pn| digits("mentions", pn)).collect::<Result<_, _>>()?,
            ..Outgoing::default()
        };
        match (self.r#type, self.text, self.media) {
            (MessageType::Text, Some(text), None) if !text.body.is_empty() => outgoing.text = Some(text.body),
            (MessageType::Text, _, _) => {
                return Err(Problem::field(
                    "text",
                    "A text message needs a text and no media.",
                    "Give text.body.",
                ));
            }
            (MessageType::Media, None, Some(media)) => {
                outgoing.text.clone_from(&media.caption);
                outgoing.media = Some(media.upload().await?);
            }
            (MessageType::Media, _, _) => {
                return Err(Problem::field(
                    "media",
                    "A media message needs media and no text.",
                    "Give media; its text is media.caption.",
                ));
            }
        }
        Ok(outgoing)
    }
}

impl MediaBody {
    async fn upload(self) -> Result<MediaUpload, Problem> {
        let body = match (&self.base64, &self.url) {
            (Some(text), None) => BASE64_STANDARD
                .decode(text)
                .map_err(|error| {
                    Problem::field(
                        "media.base64",
                        format!("This is not base64: {error}."),
                        "Use the standard alphabet with padding.",
                    )
                })?
                .into(),
            (None, Some(url)) => fetch::get(url).await?,
            _ => {
                return Err(Problem::field(
                    "media",
                    "Give the file once.",
                    "Give exactly one of base64 and url.",
                ));
            }
        };
        Ok(MediaUpload { kind: self.kind, mimetype: self.mimetype, file_name: self.file_name, body })
    }
}
