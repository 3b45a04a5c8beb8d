//! `POST /api/v1/account/totp`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::people::{self, Password};

use crate::{
    ApiState,
    extract::JsonBody,
    people::{SignedIn, Visitor},
    problem::Problem,
};

/// A second factor to set up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolTotp {
    /// Your password, once more.
    password: String,
}

/// What an authenticator has to know.
#[derive(Serialize, ToSchema)]
pub(crate) struct TotpEnrolment {
    /// For typing, in base32.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// For a QR code.
    uri: String,
}

/// Set up a second factor
///
/// For an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds). It counts once `POST /account/totp/confirm` has
/// seen a first code; until then another one may be asked for.
#[utoipa::path(
    post, path = "/account/totp", tag = "account",
    request_body(content = EnrolTotp, example = json!({"password": "correct horse battery"})),
    responses(
        (
            status = 200, description = "Show it to the authenticator.", body = TotpEnrolment,
            example = json!({
                "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
                "uri": "otpauth://totp/wagate:ayu%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=wagate&algorithm=SHA1&digits=6&period=30"
            }),
        ),
        (status = 403, description = "`wrong_password`"),
        (status = 409, description = "`second_factor_exists`"),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn enrol_totp(
    State(state): State<ApiState>,
    signed_in: SignedIn,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<EnrolTotp>,
) -> Result<Json<TotpEnrolment>, Problem> {
    let password = Password::given(value.password);
    let ports = state.people.ports();
    let made = people::enrol_factor(&state.env, ports, signed_in.user, &password, visitor.origin).await?;
    Ok(Json(TotpEnrolment { secret: made.secret.expose().to_owned(), uri: made.uri }))
}
