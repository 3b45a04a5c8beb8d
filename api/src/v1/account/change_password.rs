//! `POST /api/v1/account/password`

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

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    /// The password so far.
    password: String,
    /// 10 to 200 characters; not the address, and none of those that everybody tries.
    new_password: String,
}

/// Change your password
///
/// Every other sign-in of yours ends; this one goes on.
#[utoipa::path(
    post, path = "/account/password", tag = "account",
    request_body(
        content = ChangePassword,
        example = json!({"password": "correct horse battery", "new_password": "staple tower violet"}),
    ),
    responses(
        (status = 204, description = "Changed."),
        (status = 403, description = "`wrong_password`"),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn change_password(
    State(state): State<ApiState>,
    signed_in: SignedIn,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let who = (signed_in.user, signed_in.sign_in);
    let old = Password::given(value.password);
    let ports = state.people.ports();
    people::change_password(&state.env, ports, who, (&old, value.new_password), visitor.origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
