//! `POST /api/v1/account/sign-in`

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people::{self, Credentials, EmailAddress, Password};

use super::{
    entered::{SignInAnswer, example, outcome_answer, second_factor_example},
    workspace_of,
};
use crate::{ApiState, admission::Changed, extract::JsonBody, people::Visitor, problem::Problem};

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The address of the account.
    #[schema(example = "ayu@example.com")]
    address: String,
    /// Its password.
    password: String,
    /// The only workspace that the access token is to be good for; all of yours when left out.
    workspace: Option<String>,
    /// Puts the refresh token into a cookie that scripts cannot read, for dashboards.
    #[serde(default)]
    cookies: bool,
}

/// Sign in
///
/// With a second factor the answer is a challenge instead of tokens. Wrong passwords make the next try wait, longer each
/// time; the answer does not tell whether the address has an account.
#[utoipa::path(
    post, path = "/account/sign-in", tag = "account",
    request_body(content = SignIn, example = json!({"address": "ayu@example.com", "password": "correct horse battery"})),
    responses(
        (
            status = 200, description = "Signed in, or a code is missing.", body = SignInAnswer,
            examples(
                ("tokens" = (value = json!(example()))),
                ("second_factor" = (value = json!(second_factor_example()))),
            ),
        ),
        (status = 401, description = "`wrong_credentials`"),
        (status = 403, description = "`not_a_member`"),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn sign_in(
    State(state): State<ApiState>,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<SignIn>,
) -> Result<Response, Problem> {
    let visit = visitor.visit(workspace_of(value.workspace.as_deref())?);
    let credentials = Credentials { address: value.address, password: Password::given(value.password) };
    match people::sign_in(&state.env, state.people.ports(), &credentials, &visit).await {
        Ok(outcome) => Ok(outcome_answer(&state, outcome, value.cookies)),
        Err(error) => {
            let whom = whom(&state, &credentials.address).await;
            Ok((whom, Problem::from(error)).into_response())
        }
    }
}

/// Whose account it was that somebody could not get into, for the audit log. What was typed is not put down: it may be a
/// password.
async fn whom(state: &ApiState, address: &str) -> Option<Changed> {
    let address: EmailAddress = address.parse().ok()?;
    let person = state.people.people.by_address(&address).await.ok()??;
    Some(Changed::about(&person.id))
}
