//! `POST /api/v1/account/totp/confirm`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::people::{self, RecoveryCode};

use crate::{
    ApiState,
    extract::JsonBody,
    people::{SignedIn, Visitor},
    problem::Problem,
};

/// The first code of an authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmTotp {
    /// Six digits.
    #[schema(example = "492039")]
    code: String,
}

/// Codes for when the authenticator is lost. Each is good once. They are shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Ten of them.
    recovery_codes: Vec<String>,
}

impl RecoveryCodes {
    pub(super) fn of(codes: &[RecoveryCode]) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.expose().to_owned()).collect() }
    }
}

/// Confirm the second factor
///
/// From now on signing in asks for a code.
#[utoipa::path(
    post, path = "/account/totp/confirm", tag = "account",
    request_body(content = ConfirmTotp, example = json!({"code": "492039"})),
    responses(
        (
            status = 200, description = "It counts. Keep the recovery codes now.", body = RecoveryCodes,
            example = json!({"recovery_codes": ["7k2m-x9qd-04tb-hs6w", "…"]}),
        ),
        (status = 403, description = "`wrong_code`"),
        (status = 409, description = "`second_factor_exists`, `second_factor_missing`"),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn confirm_totp(
    State(state): State<ApiState>,
    signed_in: SignedIn,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<ConfirmTotp>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let ports = state.people.ports();
    let codes =
        people::confirm_factor(&state.env, ports, signed_in.user, &value.code, visitor.origin).await?;
    Ok(Json(RecoveryCodes::of(&codes)))
}
