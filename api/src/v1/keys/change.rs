//! `PATCH /api/v1/keys/{id}`

use axum::{Json, extract::State};
use wagate_domain::ApiKeyId;

use super::{
    get::find,
    view::{KeyView, example},
    wish::KeyWish,
};
use crate::{
    ApiState,
    admission::{Changed, Grants},
    extract::{Caller, IdPath, JsonBody},
    problem::{Code, Problem},
};

/// Change an API key
///
/// What is left out stays. You can change keys that may do no more than you, and only to that. It holds at once.
#[utoipa::path(
    patch, path = "/keys/{id}", tag = "keys",
    params(("id" = String, Path, description = "The key's id.", example = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = KeyWish, example = json!({"scopes": ["messages:send", "messages:read"], "expires_at": "2030-01-01T00:00:00Z"})),
    responses(
        (status = 200, description = "As it is now.", body = KeyView, example = json!(example())),
        (status = 409, description = "`key_revoked`"),
    ),
)]
pub(crate) async fn change_key(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    grants: Grants,
    IdPath(id): IdPath<ApiKeyId>,
    JsonBody { value, .. }: JsonBody<KeyWish>,
) -> Result<(Changed, Json<KeyView>), Problem> {
    let before = find(&state, caller, id).await?;
    let wished = value.read(&state, caller.workspace).await?;
    let mut key = before.clone();
    key.name = wished.name.unwrap_or(key.name);
    key.scopes = wished.scopes.unwrap_or(key.scopes);
    key.sessions = wished.sessions.unwrap_or(key.sessions);
    key.addresses = wished.addresses.unwrap_or(key.addresses);
    key.expires_at = wished.expires_at.unwrap_or(key.expires_at);
    grants.cover(before.scopes.and(key.scopes))?;
    if !state.keys.update(&before, &key).await? {
        return Err(Problem::plain(Code::KeyRevoked));
    }
    let (before, after) = (KeyView::from(before), KeyView::from(key));
    Ok((Changed::changed(id, &before, &after), Json(after)))
}
