//! `GET /api/v1/media/{id}`

use axum::{Json, extract::State};
use wagate_domain::{
    MediaId,
    auth::Principal,
    media::{finish_upload, link},
};

use super::view::{MediaView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// Look at a media object
///
/// With a link that is good for fifteen minutes, when the file is there.
#[utoipa::path(
    get, path = "/media/{id}", tag = "media",
    params(("id" = String, Path, description = "The object's id.", example = "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "The object.", body = MediaView, example = json!(example()))),
)]
pub(crate) async fn get_media(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<MediaId>,
) -> Result<Json<MediaView>, Problem> {
    show(&state, caller, id).await.map(Json)
}

/// The object with a link.
pub(in crate::v1) async fn show(
    state: &ApiState,
    caller: Principal,
    id: MediaId,
) -> Result<MediaView, Problem> {
    // a direct upload is noticed when somebody asks for it
    finish_upload(state.staging(), caller, id).await?;
    let found = link(&state.env, state.staging(), caller, id).await?;
    Ok(MediaView::new(found.media, found.url.map(|url| (url, found.expires_at))))
}
