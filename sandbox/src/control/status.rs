//! Status posts of phones. Posts of others are in the chat `status@broadcast`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::draft::MediaBody;
use super::message_view::MessageView;
use super::number::digits;
use super::problem::Problem;
use crate::phones::{Body as Act, Outgoing, Reaction, Revoke};

/// Chat of all status posts.
const STATUS: &str = "status@broadcast";

/// A status to post: exactly one of `text` and `media`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStatus {
    text: Option<String>,
    media: Option<MediaBody>,
    /// Numbers that see it; everybody the phone knows unless given.
    #[serde(default)]
    viewers: Vec<String>,
}

/// A reaction to set; the empty one removes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReaction {
    emoji: String,
}

/// Posts a status.
#[utoipa::path(post, path = "/v1/phones/{number}/status", tag = "status", params(("number" = String, Path)),
    request_body = NewStatus, responses((status = 201, body = MessageView), (status = "4XX", body = Problem)))]
pub(super) async fn post(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(new): Body<NewStatus>,
) -> Result<(StatusCode, Json<MessageView>), Problem> {
    let viewers = new.viewers.iter().map(|pn| digits("viewers", pn)).collect::<Result<_, _>>()?;
    let (text, media) = match (new.text.filter(|text| !text.is_empty()), new.media) {
        (Some(text), None) => (Some(text), None),
        (None, Some(media)) => {
            let (caption, file) = media.captioned().await?;
            (caption, Some(file))
        }
        _ => return Err(Problem::field("text", "A status says one thing.", "Give one of text and media.")),
    };
    let outgoing = Outgoing { to: STATUS.to_owned(), viewers, text, media, ..Outgoing::default() };
    send(&control, &number, outgoing).await
}

/// Deletes a status of the phone for everybody it knows.
#[utoipa::path(delete, path = "/v1/phones/{number}/status/{id}", tag = "status",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 201, body = MessageView), (status = "4XX", body = Problem)))]
pub(super) async fn revoke(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<(StatusCode, Json<MessageView>), Problem> {
    act(&control, &number, Act::Revoke(Revoke { message: id, by_admin: false })).await
}

/// Reacts to a status that the phone has seen.
#[utoipa::path(put, path = "/v1/phones/{number}/status/{id}/reaction", tag = "status",
    params(("number" = String, Path), ("id" = String, Path)), request_body = NewReaction,
    responses((status = 201, body = MessageView), (status = "4XX", body = Problem)))]
pub(super) async fn react(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
    Body(new): Body<NewReaction>,
) -> Result<(StatusCode, Json<MessageView>), Problem> {
    act(&control, &number, Act::Reaction(Reaction { message: id, emoji: new.emoji })).await
}

async fn act(control: &Control, number: &str, act: Act) -> Result<(StatusCode, Json<MessageView>), Problem> {
    let outgoing = Outgoing { to: STATUS.to_owned(), body: Some(act), ..Outgoing::default() };
    send(control, number, outgoing).await
}

async fn send(
    control: &Control,
    number: &str,
    outgoing: Outgoing,
) -> Result<(StatusCode, Json<MessageView>), Problem> {
    let message = control.phones.send(&digits("number", number)?, outgoing).await?;
    Ok((StatusCode::CREATED, Json(message.into())))
}
