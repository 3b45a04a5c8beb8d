//! `DELETE /api/v1/deletion`

use axum::extract::State;
use http::StatusCode;
use wagate_domain::workspaces;

use crate::{ApiState, admission::Changed, extract::Caller, problem::Problem};

/// Take the deletion back
///
/// The workspace stays, as it was before: sessions that were connected are taken up again. What an operator asked for
/// only an operator undoes (`workspace_deleting`). Where no deletion is asked for nothing changes.
#[utoipa::path(
    delete, path = "/deletion", tag = "deletion",
    responses((status = 204, description = "It stays.")),
)]
pub(crate) async fn take_back_deletion(
    State(state): State<ApiState>,
    Caller(caller): Caller,
) -> Result<(Changed, StatusCode), Problem> {
    let stays = workspaces::take_back(&*state.terms.workspaces, caller.workspace).await?;
    Ok((Changed::about(&stays.id), StatusCode::NO_CONTENT))
}
