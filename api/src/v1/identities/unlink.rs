//! `DELETE /api/v1/account/identities/{id}`

use axum::extract::State;
use http::StatusCode;
use wagate_domain::{IdentityId, people};

use super::view::IdentityView;
use crate::{ApiState, admission::Changed, extract::IdPath, people::SignedIn, problem::Problem};

/// Unlink an identity
///
/// It does not let you in any more; sign-ins that it began go on (`DELETE /account/sign-ins/{id}` ends one). The last
/// way in stays: without a password, set one first. A mail tells you.
#[utoipa::path(
    delete, path = "/account/identities/{id}", tag = "account",
    params(("id" = String, Path, description = "The identity's id.", example = "idn_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 204, description = "Unlinked."), (status = 409, description = "`last_way_in`")),
)]
pub(crate) async fn unlink_identity(
    State(state): State<ApiState>,
    signed_in: SignedIn,
    IdPath(id): IdPath<IdentityId>,
) -> Result<(Changed, StatusCode), Problem> {
    let gone = people::unlink(&state.env, state.people.ports(), signed_in.user, id).await?;
    let view = IdentityView::new(gone, &state.people.providers.list());
    Ok((Changed::gone(view.id(), &view), StatusCode::NO_CONTENT))
}
