//! What is handed to somebody who signed in.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::header;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::people::{Entered, SignInOutcome};

use crate::{ApiState, admission::Changed, people::setting};

/// Tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(crate) struct TokensView {
    /// The sign-in.
    #[schema(example = "sig_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    sign_in: String,
    /// For each request: `Authorization: Bearer <access_token>`. A JWT (EdDSA); keys at `/.well-known/jwks.json`.
    access_token: String,
    /// When it runs out (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:10:00.000Z")]
    access_token_expires_at: String,
    /// For the next tokens: `POST /account/refresh`. Good once. `null` when it is in the cookie.
    refresh_token: Option<String>,
    /// When it runs out unless it is used (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-31T00:00:00.000Z")]
    refresh_token_expires_at: String,
}

/// The first factor was right; a code is missing.
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

/// The answer to somebody whose first factor was right.
pub(in crate::v1) fn outcome_answer(state: &ApiState, outcome: SignInOutcome, cookies: bool) -> Response {
    match outcome {
        SignInOutcome::Entered(entered) => entered_answer(state, &entered, cookies),
        SignInOutcome::SecondFactor { challenge, expires_at } => {
            let missing = SecondFactorRequired {
                second_factor_required: true,
                challenge: challenge.expose().to_owned(),
                expires_at: expires_at.to_string(),
            };
            ([(header::CACHE_CONTROL, "no-store")], Json(missing)).into_response()
        }
    }
}

/// The answer to somebody who has just come in, which the audit log notes.
pub(super) fn entered_answer(state: &ApiState, entered: &Entered, cookies: bool) -> Response {
    let noted = Changed::entered(entered.user, entered.sign_in);
    (noted, answer(state, entered, cookies)).into_response()
}

/// The answer to somebody who signed in, with the refresh token in a cookie if they want it there.
pub(super) fn answer(state: &ApiState, entered: &Entered, cookies: bool) -> Response {
    let tokens = TokensView {
        sign_in: entered.sign_in.to_string(),
        access_token: entered.access.clone(),
        access_token_expires_at: entered.access_expires_at.to_string(),
        refresh_token: (!cookies).then(|| entered.refresh.expose().to_owned()),
        refresh_token_expires_at: entered.refresh_expires_at.to_string(),
    };
    let private = [(header::CACHE_CONTROL, "no-store")];
    if !cookies {
        return (private, Json(tokens)).into_response();
    }
    let cookie = setting(&entered.refresh, state.env.now(), entered.refresh_expires_at, &state.public_url);
    (private, [(header::SET_COOKIE, cookie)], Json(tokens)).into_response()
}

/// The example of tokens in the documentation.
pub(in crate::v1) fn example() -> serde_json::Value {
    json!({
        "sign_in": "sig_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.…",
        "access_token_expires_at": "2026-01-01T00:10:00.000Z",
        "refresh_token": "wgt_…",
        "refresh_token_expires_at": "2026-01-31T00:00:00.000Z"
    })
}

/// The example of a missing code in the documentation.
pub(in crate::v1) fn second_factor_example() -> serde_json::Value {
    json!({"second_factor_required": true, "challenge": "wgt_…", "expires_at": "2026-01-01T00:05:00.000Z"})
}
