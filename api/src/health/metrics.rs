//! `GET /metrics`

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;

use crate::ApiState;

/// Figures for Prometheus
///
/// In the text exposition format. Needs no key, so that scrapers are simple: keep it inside your network, as the
/// figures tell how much is sent.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, description = "The figures.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn get_metrics(State(state): State<ApiState>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (state.metrics)()).into_response()
}
