//! `GET /api/v1/keys/{id}`

use axum::{Json, extract::State};
use wagate_domain::{
    ApiKeyId,
    auth::{ApiKey, Principal},
};

use super::view::{KeyView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// Look at an API key
#[utoipa::path(
    get, path = "/keys/{id}", tag = "keys",
    params(("id" = String, Path, description = "The key's id.", example = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "The key, without its secret.", body = KeyView, example = json!(example()))),
)]
pub(crate) async fn get_key(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<ApiKeyId>,
) -> Result<Json<KeyView>, Problem> {
    Ok(Json(find(&state, caller, id).await?.into()))
}

/// A key of the caller's workspace.
pub(super) async fn find(state: &ApiState, caller: Principal, id: ApiKeyId) -> Result<ApiKey, Problem> {
    state.keys.get(caller.workspace, id).await?.ok_or_else(|| Problem::plain(Code::KeyNotFound))
}
