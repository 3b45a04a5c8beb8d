//! `DELETE /api/v1/members/invitations/{id}`

use axum::extract::State;
use http::StatusCode;
use wagate_domain::{InvitationId, people};

use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// Revoke an invitation
///
/// Its link is void at once.
#[utoipa::path(
    delete, path = "/members/invitations/{id}", tag = "members",
    params(("id" = String, Path, description = "The invitation's id.", example = "inv_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 204, description = "Revoked.")),
)]
pub(crate) async fn revoke_invitation(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<InvitationId>,
) -> Result<StatusCode, Problem> {
    people::revoke_invitation(state.people.ports(), caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
