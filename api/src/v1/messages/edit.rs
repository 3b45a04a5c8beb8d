//! `PATCH /api/v1/messages/{id}`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{
    Invalid, MessageId,
    messages::{self, Body, EditMessage, MediaKind},
};

use super::{
    media::Wanted,
    request::{MediaBody, MessagePriority, Payload, TextBody, when},
    view::{MessageView, example},
};
use crate::{
    ApiState,
    extract::{Grants, IdPath, JsonBody, given},
    problem::Problem,
};

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageChange {
    /// Carries this text from now on.
    text: Option<TextBody>,
    /// Carries this picture from now on; a staged object, by `id`.
    image: Option<MediaBody>,
    /// Carries this video from now on; a staged object, by `id`.
    video: Option<MediaBody>,
    /// Carries this audio file from now on; a staged object, by `id`.
    audio: Option<MediaBody>,
    /// Carries this voice note from now on; a staged object, by `id`.
    voice: Option<MediaBody>,
    /// Carries this file from now on; a staged object, by `id`.
    document: Option<MediaBody>,
    /// Leaves at this moment: RFC 3339, or a date and time of day together with `time_zone`. `null` is "at once".
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "2026-12-24T18:00:00+07:00")]
    send_at: Option<Option<String>>,
    /// IANA time zone of a `send_at` without an offset.
    #[schema(example = "Asia/Jakarta")]
    time_zone: Option<String>,
    /// After this moment (RFC 3339) it is not sent any more.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Which of the session's waiting messages go first.
    priority: Option<MessagePriority>,
}

/// Change a message that waits
///
/// Content, moment and priority can be changed until a connector takes the message; from then on the answer is
/// `message_not_waiting`.
#[utoipa::path(
    patch, path = "/messages/{id}", tag = "messages",
    params(("id" = String, Path, description = "The message's id.", example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = MessageChange, example = json!({"text": {"body": "Happy new year!"}, "send_at": "2027-01-01T00:00:00+07:00"})),
    responses(
        (status = 200, description = "As it waits now.", body = MessageView, example = json!(example())),
        (status = 409, description = "`message_not_waiting`"),
    ),
)]
pub(crate) async fn edit_message(
    State(state): State<ApiState>,
    caller: Grants,
    IdPath(id): IdPath<MessageId>,
    JsonBody { value: mut change, .. }: JsonBody<MessageChange>,
) -> Result<Json<MessageView>, Problem> {
    let send_at = match (change.send_at.take(), change.time_zone.take()) {
        (Some(None), None) => Some(None),
        (send_at, time_zone) => when(send_at.flatten(), time_zone)?.map(Some),
    };
    let body = match take_payload(&mut change)? {
        None => None,
        Some(Payload::Text(text)) => Some(Body::Text(text)),
        Some(Payload::Media(kind, mut media)) => {
            let wanted = Wanted { state: &state, caller: &caller, kind, seed: None };
            let staged = wanted.staged(&mut media).await?;
            Some(Body::Media { kind, media: staged, caption: media.caption, file_name: media.file_name })
        }
    };
    let edit = EditMessage {
        body,
        send_at,
        expires_at: change.expires_at,
        priority: change.priority.map(Into::into),
    };
    let message = messages::edit(&state.env, state.send_ports(), caller.principal(), id, edit).await?;
    Ok(Json(message.into()))
}

/// The one object that says what the message is to carry.
fn take_payload(change: &mut MessageChange) -> Result<Option<Payload>, Invalid> {
    let text = change.text.take().map(|text| ("text", Payload::Text(text.body)));
    let media = [
        (MediaKind::Image, change.image.take()),
        (MediaKind::Video, change.video.take()),
        (MediaKind::Audio, change.audio.take()),
        (MediaKind::Voice, change.voice.take()),
        (MediaKind::Document, change.document.take()),
    ];
    let media = media
        .into_iter()
        .filter_map(|(kind, body)| Some((kind.name(), Payload::Media(kind, Box::new(body?)))));
    let mut given = text.into_iter().chain(media);
    let first = given.next().map(|(_, payload)| payload);
    match given.next() {
        None => Ok(first),
        Some((field, _)) => {
            let remedy = "send one of text, image, video, audio, voice, document";
            Err(Invalid::new(field, "is a second content", remedy))
        }
    }
}
