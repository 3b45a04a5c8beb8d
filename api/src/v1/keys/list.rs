//! `GET /api/v1/keys`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{KeyView, example};
use crate::{ApiState, extract::Caller, problem::Problem};

/// The keys of a workspace, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// The keys, revoked ones too.
    keys: Vec<KeyView>,
    /// Always `null`: the list comes whole.
    next_cursor: Option<String>,
}

/// List API keys
///
/// Oldest first, revoked ones too. Secrets are never shown again.
#[utoipa::path(
    get, path = "/keys", tag = "keys",
    responses((
        status = 200, description = "The keys.", body = KeyList,
        example = json!({"keys": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_keys(
    State(state): State<ApiState>,
    Caller(caller): Caller,
) -> Result<Json<KeyList>, Problem> {
    let keys = state.keys.list(caller.workspace).await?;
    Ok(Json(KeyList { keys: keys.into_iter().map(KeyView::from).collect(), next_cursor: None }))
}
