//! `POST /api/v1/account/sign-out`

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use wagate_domain::people;

use crate::{
    ApiState,
    people::{SignedIn, clearing},
    problem::Problem,
};

/// Sign out
///
/// Ends the sign-in of the access token. Its tokens are void within a second, the cookie is taken away.
#[utoipa::path(
    post, path = "/account/sign-out", tag = "account",
    responses((status = 204, description = "Signed out.")),
)]
pub(crate) async fn sign_out(
    State(state): State<ApiState>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    people::sign_out(&state.env, state.people.ports(), signed_in.user, signed_in.sign_in).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clearing(&state.public_url))]).into_response())
}
