//! `POST /api/v1/account/password/forgotten`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people;

use crate::{ApiState, extract::JsonBody, people::Visitor, problem::Problem};

/// Whose password is to be set anew.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPassword {
    /// The address of the account.
    #[schema(example = "ayu@example.com")]
    address: String,
}

/// Ask for a new password
///
/// Sends a link to the address, good for an hour; `POST /account/password/reset` takes what it carries. The answer is
/// the same when the address has no account.
#[utoipa::path(
    post, path = "/account/password/forgotten", tag = "account",
    request_body(content = ForgotPassword, example = json!({"address": "ayu@example.com"})),
    responses(
        (status = 202, description = "If the address has an account, a mail is on its way."),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn forgot_password(
    State(state): State<ApiState>,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<ForgotPassword>,
) -> Result<StatusCode, Problem> {
    people::request_reset(&state.env, state.people.ports(), &value.address, visitor.origin).await?;
    Ok(StatusCode::ACCEPTED)
}
