//! The way to a provider, as whoever goes it sees it.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::header;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::ports::Departure;

/// The way to a provider.
#[derive(Serialize, ToSchema)]
#[schema(as = ProviderDeparture)]
pub(crate) struct DepartureView {
    /// Where the browser goes. The provider sends it back to `<people.links>/account/providers/<id>?code=…&state=…`.
    #[schema(example = "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&state=wgt_…")]
    authorization_url: String,
    /// Keep it where only this browser finds it, and show it at the end.
    #[schema(example = "wgt_…")]
    binding: String,
    /// Until when the browser has to be back (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:10:00.000Z")]
    expires_at: String,
}

impl From<Departure> for DepartureView {
    fn from(departure: Departure) -> Self {
        let Departure { url, binding, expires_at } = departure;
        Self {
            authorization_url: url,
            binding: binding.expose().to_owned(),
            expires_at: expires_at.to_string(),
        }
    }
}

/// The answer to whoever goes there.
pub(super) fn answer(departure: Departure) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(DepartureView::from(departure))).into_response()
}

/// The example in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "authorization_url": "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=…&state=wgt_…",
        "binding": "wgt_…",
        "expires_at": "2026-01-01T00:10:00.000Z"
    })
}
