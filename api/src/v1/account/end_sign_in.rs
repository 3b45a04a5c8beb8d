//! `DELETE /api/v1/account/sign-ins/{id}`

use axum::extract::{Path, State};
use http::StatusCode;
use wagate_domain::people;

use crate::{
    ApiState,
    people::SignedIn,
    problem::{Code, Problem},
};

/// End one of your sign-ins
///
/// Its tokens are void within a second.
#[utoipa::path(
    delete, path = "/account/sign-ins/{id}", tag = "account",
    params(("id" = String, Path, description = "The sign-in's id.", example = "sig_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 204, description = "Ended."), (status = 404, description = "`sign_in_not_found`")),
)]
pub(crate) async fn end_sign_in(
    State(state): State<ApiState>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let none = || Problem::plain(Code::SignInNotFound);
    let id = id.parse().map_err(|_| none())?;
    let ended = people::sign_out(&state.env, state.people.ports(), signed_in.user, id).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}
