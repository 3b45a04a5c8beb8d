//! `POST /api/v1/account/password/reset`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people::{self, TokenSecret};

use crate::{ApiState, extract::JsonBody, problem::Problem};

/// What the link carries, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPassword {
    /// What stands behind `#token=` in the link.
    token: String,
    /// 10 to 200 characters; not the address, and none of those that everybody tries.
    password: String,
}

/// Set a new password
///
/// Every sign-in of the account ends. The link is good once; a second factor stays.
#[utoipa::path(
    post, path = "/account/password/reset", tag = "account",
    request_body(content = ResetPassword, example = json!({"token": "wgt_…", "password": "staple tower violet"})),
    responses((status = 204, description = "Set. Sign in now."), (status = 410, description = "`link_gone`")),
)]
pub(crate) async fn reset_password(
    State(state): State<ApiState>,
    JsonBody { value, .. }: JsonBody<ResetPassword>,
) -> Result<StatusCode, Problem> {
    let token = TokenSecret::presented(value.token);
    people::reset_password(&state.env, state.people.ports(), &token, value.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
