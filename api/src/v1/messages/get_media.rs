//! `GET /api/v1/messages/{id}/media`

use axum::{Json, extract::State};
use wagate_domain::{
    MessageId,
    messages::{self, Content},
};

use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
    v1::media::{self, view::MediaView},
};

/// Look at a message's file
///
/// The media object as `GET /media/{id}` shows it, with a link that is good for fifteen minutes when the file is there.
#[utoipa::path(
    get, path = "/messages/{id}/media", tag = "messages",
    params(("id" = String, Path, description = "The message's id.", example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses(
        (status = 200, description = "The object.", body = MediaView, example = json!(media::view::example())),
        (status = 404, description = "`media_not_found`: the message carries no file, or it is not kept any more"),
    ),
)]
pub(crate) async fn get_message_media(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<MessageId>,
) -> Result<Json<MediaView>, Problem> {
    let found = messages::look(&state.env, state.send_ports(), caller, id).await?;
    let (message, _) = found.ok_or_else(|| Problem::plain(Code::MessageNotFound))?;
    let Content::Media { media, .. } = message.content else {
        return Err(Problem::new(Code::MediaNotFound, "The message carries no file")
            .remedy("Look at the message's type: only those with a file have media."));
    };
    media::show(&state, caller, media).await.map(Json)
}
