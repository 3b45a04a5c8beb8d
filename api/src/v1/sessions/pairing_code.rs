//! `POST /api/v1/sessions/{id}/pairing-code`

use std::time::Duration;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::{
    Address, Invalid, SessionId,
    auth::Principal,
    sessions::{Command, CommandReply, Pairing},
};

use crate::{
    ApiState,
    extract::{Caller, IdPath, JsonBody},
    problem::{Code, Problem},
};

/// How long the owner has to get a code from WhatsApp.
const PATIENCE: Duration = Duration::from_secs(20);

/// The phone that will type the code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestPairingCode {
    /// Its number in international form, with or without `+`.
    #[schema(example = "+6281234567890")]
    phone: String,
}

/// A code to type on the phone: WhatsApp, Linked devices, Link with phone number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PairingCode {
    /// The code.
    #[schema(example = "ABCD-EFGH")]
    code: String,
    /// It is refused after this moment (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:02:40.000Z")]
    expires_at: String,
}

/// Get a pairing code
///
/// Links a session without a camera: the code is typed on the phone whose number is given.
#[utoipa::path(
    post, path = "/sessions/{id}/pairing-code", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = RequestPairingCode, example = json!({"phone": "+6281234567890"})),
    responses(
        (
            status = 200, description = "The code.", body = PairingCode,
            example = json!({"code": "ABCD-EFGH", "expires_at": "2026-01-01T00:02:40.000Z"}),
        ),
        (status = 409, description = "`session_already_linked`, `session_not_started`, `session_refused`"),
        (status = 503, description = "`pairing_not_ready`"),
    ),
)]
pub(crate) async fn create_pairing_code(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
    JsonBody { value, .. }: JsonBody<RequestPairingCode>,
) -> Result<Json<PairingCode>, Problem> {
    let phone = Address::parse_number(&value.phone).map_err(|why| {
        Invalid::new("phone", why.to_string(), "send it with its country code: +6281234567890")
    })?;
    Ok(Json(ask(&state, caller, id, phone.user()).await?))
}

async fn ask(
    state: &ApiState,
    caller: Principal,
    id: SessionId,
    digits: &str,
) -> Result<PairingCode, Problem> {
    let session = super::find_unlinked(state, caller, id).await?;
    let command = Command::OfferCode { phone: digits.to_owned() };
    match state.calls.call(session.key(), &command, PATIENCE).await? {
        Some(CommandReply::Pairing(Pairing::Code { code, expires_at })) => {
            Ok(PairingCode { code: dashed(&code), expires_at: expires_at.to_string() })
        }
        Some(CommandReply::Refused { code, message }) => Err(super::refused(&code, &message)),
        Some(CommandReply::Pairing(Pairing::Qr { .. }) | CommandReply::Done | CommandReply::Health(_))
        | None => Err(Problem::plain(Code::PairingNotReady).retry_after(3)),
    }
}

/// As the phone shows it: two groups of four.
fn dashed(code: &str) -> String {
    match code.split_at_checked(4) {
        Some((first, rest)) if !rest.is_empty() && !rest.starts_with('-') => format!("{first}-{rest}"),
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::dashed;

    #[test]
    fn codes_are_shown_in_two_groups() {
        for (code, shown) in [("ABCDEFGH", "ABCD-EFGH"), ("ABCD-EFGH", "ABCD-EFGH"), ("ABC", "ABC")] {
            assert_eq!(dashed(code), shown);
        }
    }
}
