//! `POST /api/v1/account/totp/recovery-codes`

use axum::{Json, extract::State};
use wagate_domain::people::{self, Password};

use super::{confirm_totp::RecoveryCodes, remove_totp::BothFactors};
use crate::{
    ApiState,
    extract::JsonBody,
    people::{SignedIn, Visitor},
    problem::Problem,
};

/// Make new recovery codes
///
/// Those before are void.
#[utoipa::path(
    post, path = "/account/totp/recovery-codes", tag = "account",
    request_body(content = BothFactors, example = json!({"password": "correct horse battery", "code": "492039"})),
    responses(
        (
            status = 200, description = "Keep them now.", body = RecoveryCodes,
            example = json!({"recovery_codes": ["7k2m-x9qd-04tb-hs6w", "…"]}),
        ),
        (status = 403, description = "`wrong_password`, `wrong_code`"),
        (status = 409, description = "`second_factor_missing`"),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn renew_recovery_codes(
    State(state): State<ApiState>,
    signed_in: SignedIn,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<BothFactors>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let (password, ports) = (Password::given(value.password), state.people.ports());
    let proof = (&password, value.code.as_str());
    let codes =
        people::renew_recovery_codes(&state.env, ports, signed_in.user, proof, visitor.origin).await?;
    Ok(Json(RecoveryCodes::of(&codes)))
}
