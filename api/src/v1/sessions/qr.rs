//! `GET /api/v1/sessions/{id}/qr`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::SessionId;

use super::offer::{self, Offer};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
    qr::{self, Kind},
};

/// A QR code to scan: WhatsApp, Linked devices, Link a device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QrCode {
    /// Always `qr`.
    #[schema(example = "qr")]
    kind: &'static str,
    /// The text to show as a QR code.
    #[schema(example = "2@AbCdEf…")]
    code: String,
    /// The next code takes its place after this moment (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:20.000Z")]
    expires_at: String,
    /// Seconds after which to ask again.
    #[schema(example = 20)]
    refresh_after: u64,
}

/// Get a QR code
///
/// The code that links the session, as JSON or as a picture, after the request's `Accept` header. When pairing is
/// just starting, the answer waits some seconds for the first code. Codes change every 20 seconds or so: ask again
/// when `expires_at` has passed (a browser does so by itself, told by the `Refresh` header).
#[utoipa::path(
    get, path = "/sessions/{id}/qr", tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("Accept" = Option<String>, Header, description = "`application/json` (default), `image/png` or `image/svg+xml`."),
    ),
    responses(
        (
            status = 200, description = "The code that is on offer now.",
            content(
                (QrCode = "application/json", example = json!({
                    "kind": "qr", "code": "2@AbCdEf…", "expires_at": "2026-01-01T00:00:20.000Z", "refresh_after": 20,
                })),
                (Vec<u8> = "image/png"),
                (String = "image/svg+xml"),
            ),
            headers(
                ("Refresh" = u64, description = "Seconds after which to ask again."),
                ("X-Expires-At" = String, description = "When the next code takes its place (RFC 3339, UTC)."),
            ),
        ),
        (status = 406, description = "`not_acceptable`"),
        (status = 409, description = "`session_already_linked`, `session_not_started`, `session_refused`"),
        (status = 503, description = "`pairing_not_ready`"),
    ),
)]
pub(crate) async fn get_qr(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = qr::choose(&headers)?;
    let offer = offer::current(&state, caller, id).await?;
    let refresh_after = offer.expires_at.since(state.env.now()).as_secs().max(1);
    let expires_at = offer.expires_at.to_string();
    let mut response = body(kind, offer, refresh_after)?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    headers.insert(header::REFRESH, refresh_after.into());
    if let Ok(value) = HeaderValue::from_str(&expires_at) {
        headers.insert("x-expires-at", value);
    }
    Ok(response)
}

fn body(kind: Kind, offer: Offer, refresh_after: u64) -> Result<Response, Problem> {
    Ok(match kind {
        Kind::Json => {
            let expires_at = offer.expires_at.to_string();
            Json(QrCode { kind: "qr", code: offer.code, expires_at, refresh_after }).into_response()
        }
        Kind::Png => ([(header::CONTENT_TYPE, "image/png")], qr::png(&offer.code)?).into_response(),
        Kind::Svg => ([(header::CONTENT_TYPE, "image/svg+xml")], qr::svg(&offer.code)?).into_response(),
    })
}
