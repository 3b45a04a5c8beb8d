//! `POST /api/v1/account/totp/remove`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people::{self, Password};

use crate::{
    ApiState,
    extract::JsonBody,
    people::{SignedIn, Visitor},
    problem::Problem,
};

/// Proof of both factors.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BothFactors {
    /// Your password, once more.
    pub(super) password: String,
    /// Six digits of the authenticator, or a recovery code.
    #[schema(example = "492039")]
    pub(super) code: String,
}

/// Remove the second factor
///
/// With its recovery codes. Signing in asks for the password alone from now on.
#[utoipa::path(
    post, path = "/account/totp/remove", tag = "account",
    request_body(content = BothFactors, example = json!({"password": "correct horse battery", "code": "492039"})),
    responses(
        (status = 204, description = "Removed."),
        (status = 403, description = "`wrong_password`, `wrong_code`"),
        (status = 409, description = "`second_factor_missing`"),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn remove_totp(
    State(state): State<ApiState>,
    signed_in: SignedIn,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<BothFactors>,
) -> Result<StatusCode, Problem> {
    let (password, ports) = (Password::given(value.password), state.people.ports());
    let proof = (&password, value.code.as_str());
    people::remove_factor(&state.env, ports, signed_in.user, proof, visitor.origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
