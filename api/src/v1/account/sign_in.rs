//! `POST /api/v1/account/sign-in`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::people::{self, Credentials, EmailAddress, Password, SignInOutcome};

use super::{
    entered::{TokensView, answer, example},
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

/// The password was right; a code is missing.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactorRequired {
    /// Always `true`.
    second_factor_required: bool,
    /// To be presented to `POST /account/second-factor` with the code.
    challenge: String,
    /// When it runs out (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:05:00.000Z")]
    expires_at: String,
}

/// What signing in leads to.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the answer as the documentation shows it")]
pub(crate) enum SignInAnswer {
    /// Signed in.
    Tokens(TokensView),
    /// A code is missing.
    SecondFactor(SecondFactorRequired),
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
                ("second_factor" = (value = json!({
                    "second_factor_required": true, "challenge": "wgt_…", "expires_at": "2026-01-01T00:05:00.000Z"
                }))),
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
    let outcome = match people::sign_in(&state.env, state.people.ports(), &credentials, &visit).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let whom = whom(&state, &credentials.address).await;
            return Ok((whom, Problem::from(error)).into_response());
        }
    };
    Ok(match outcome {
        SignInOutcome::Entered(entered) => {
            let noted = Changed::entered(entered.user, entered.sign_in);
            (noted, answer(&state, &entered, value.cookies)).into_response()
        }
        SignInOutcome::SecondFactor { challenge, expires_at } => {
            let missing = SecondFactorRequired {
                second_factor_required: true,
                challenge: challenge.expose().to_owned(),
                expires_at: expires_at.to_string(),
            };
            ([(header::CACHE_CONTROL, "no-store")], Json(missing)).into_response()
        }
    })
}

/// Whose account it was that somebody could not get into, for the audit log. What was typed is not put down: it may be a
/// password.
async fn whom(state: &ApiState, address: &str) -> Option<Changed> {
    let address: EmailAddress = address.parse().ok()?;
    let person = state.people.people.by_address(&address).await.ok()??;
    Some(Changed::about(person.id))
}
