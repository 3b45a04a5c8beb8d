//! `POST /api/v1/account/verify`

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people::{self, TokenSecret};

use super::view::{AccountView, example};
use crate::{ApiState, extract::JsonBody, problem::Problem};

/// What the link of a registration carries, and the password to sign in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyAddress {
    /// What stands behind `#token=` in the link.
    token: String,
    /// 10 to 200 characters; not the address, and none of those that everybody tries.
    password: String,
}

/// Finish a registration
///
/// Makes the account, and a workspace of its own where this installation gives one. The link is good once.
#[utoipa::path(
    post, path = "/account/verify", tag = "account",
    request_body(content = VerifyAddress, example = json!({"token": "wgt_…", "password": "correct horse battery"})),
    responses(
        (status = 201, description = "Made. Sign in now.", body = AccountView, example = json!(example())),
        (status = 410, description = "`link_gone`"),
    ),
)]
pub(crate) async fn verify_address(
    State(state): State<ApiState>,
    JsonBody { value, .. }: JsonBody<VerifyAddress>,
) -> Result<(StatusCode, Json<AccountView>), Problem> {
    let ports = state.people.ports();
    let token = TokenSecret::presented(value.token);
    let person = people::verify_address(&state.env, ports, &token, value.password).await?;
    let memberships = ports.people.memberships(person.id).await?;
    Ok((StatusCode::CREATED, Json(AccountView::new(person, memberships, None))))
}
