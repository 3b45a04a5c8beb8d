//! `POST /api/v1/account/register`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people::{self, Registration};

use crate::{ApiState, extract::JsonBody, people::Visitor, problem::Problem};

/// Who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    /// Where the link is sent.
    #[schema(example = "ayu@example.com")]
    address: String,
    /// What people call you, 1 to 100 characters.
    #[schema(example = "Ayu Lestari")]
    name: String,
}

/// Register
///
/// Sends a link to the address, good for a day; `POST /account/verify` makes the account with what the link carries.
/// The answer is the same when the address has an account: then the mail says so.
#[utoipa::path(
    post, path = "/account/register", tag = "account",
    request_body(content = Register, example = json!({"address": "ayu@example.com", "name": "Ayu Lestari"})),
    responses(
        (status = 202, description = "A mail is on its way."),
        (status = 403, description = "`registration_closed`"),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn register(
    State(state): State<ApiState>,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<Register>,
) -> Result<StatusCode, Problem> {
    let request = Registration { address: value.address, name: value.name };
    people::register(&state.env, state.people.ports(), &request, visitor.origin).await?;
    Ok(StatusCode::ACCEPTED)
}
