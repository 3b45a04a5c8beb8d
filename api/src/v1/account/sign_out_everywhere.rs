//! `POST /api/v1/account/sign-out-everywhere`

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

/// Sign out everywhere
///
/// Ends all of your sign-ins, this one too. All tokens are void within a second.
#[utoipa::path(
    post, path = "/account/sign-out-everywhere", tag = "account",
    responses((status = 204, description = "Signed out everywhere.")),
)]
pub(crate) async fn sign_out_everywhere(
    State(state): State<ApiState>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    people::sign_out_everywhere(&state.env, state.people.ports(), signed_in.user).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clearing(&state.public_url))]).into_response())
}
