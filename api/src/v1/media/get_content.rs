//! `GET /api/v1/media/{id}/content`

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, header};
use wagate_domain::{
    MediaId,
    media::{MediaState, finish_upload, link},
};

use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// Get a media object's file
///
/// Redirects to a link that is good for fifteen minutes.
#[utoipa::path(
    get, path = "/media/{id}/content", tag = "media",
    params(("id" = String, Path, description = "The object's id.", example = "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses(
        (
            status = 307, description = "The file is at the address in `Location`.",
            headers(("Location" = String, description = "Where to `GET` the file without a key.")),
        ),
        (status = 409, description = "`media_not_ready`"),
    ),
)]
pub(crate) async fn get_media_content(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<MediaId>,
) -> Result<Response, Problem> {
    finish_upload(state.staging(), caller, id).await?;
    let found = link(&state.env, state.staging(), caller, id).await?;
    let Some(url) = found.url else {
        let missing =
            Problem::new(Code::MediaNotReady, format!("The object is {}", found.media.state.name()));
        let later = found.media.state == MediaState::Pending;
        return Err(if later { missing.retry_after(5) } else { missing });
    };
    let mut response = Redirect::temporary(&url).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
