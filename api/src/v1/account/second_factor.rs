//! `POST /api/v1/account/second-factor`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people::{self, TokenSecret};

use super::{
    entered::{TokensView, entered_answer, example},
    workspace_of,
};
use crate::{ApiState, extract::JsonBody, people::Visitor, problem::Problem};

/// The second half of a sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactor {
    /// From the answer to the sign-in.
    challenge: String,
    /// Six digits of the authenticator, or a recovery code, which is used up.
    #[schema(example = "492039")]
    code: String,
    /// The only workspace that the access token is to be good for; all of yours when left out.
    workspace: Option<String>,
    /// Puts the refresh token into a cookie that scripts cannot read, for dashboards.
    #[serde(default)]
    cookies: bool,
}

/// Give the second factor
///
/// Ends a sign-in that asked for it. A code is good once; after a wrong one the challenge is still good.
#[utoipa::path(
    post, path = "/account/second-factor", tag = "account",
    request_body(content = SecondFactor, example = json!({"challenge": "wgt_…", "code": "492039"})),
    responses(
        (status = 200, description = "Signed in.", body = TokensView, example = json!(example())),
        (status = 403, description = "`wrong_code`, `not_a_member`"),
        (status = 410, description = "`challenge_gone`"),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn finish_sign_in(
    State(state): State<ApiState>,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<SecondFactor>,
) -> Result<Response, Problem> {
    let visit = visitor.visit(workspace_of(value.workspace.as_deref())?);
    let proof = (&TokenSecret::presented(value.challenge), value.code.as_str());
    let entered = people::finish_sign_in(&state.env, state.people.ports(), proof, &visit).await?;
    Ok(entered_answer(&state, &entered, value.cookies))
}
