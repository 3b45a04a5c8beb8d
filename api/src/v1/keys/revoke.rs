//! `DELETE /api/v1/keys/{id}`

use axum::extract::State;
use http::StatusCode;
use wagate_domain::{ApiKeyId, auth::Actor};

use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// Revoke an API key
///
/// It stops working within a second, everywhere; live streams that were opened with it end. A key cannot revoke itself, so that nobody locks themselves out.
#[utoipa::path(
    delete, path = "/keys/{id}", tag = "keys",
    params(("id" = String, Path, description = "The key's id.", example = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 204, description = "Revoked."), (status = 409, description = "`key_in_use`")),
)]
pub(crate) async fn revoke_key(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    if caller.actor == Actor::Key(id) {
        return Err(Problem::plain(Code::KeyInUse));
    }
    let revoked = state.keys.revoke(caller.workspace, id, state.env.now()).await?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::plain(Code::KeyNotFound)) }
}
