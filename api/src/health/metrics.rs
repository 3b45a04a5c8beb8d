//! `GET /metrics`

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;

use crate::{ApiState, extract::Caller};

/// Figures for Prometheus
///
/// In the text exposition format, over all workspaces. Give the scraper a key of its own
/// (Prometheus: `authorization: {credentials: wg_…}`).
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, description = "The figures.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn get_metrics(Caller(_): Caller, State(state): State<ApiState>) -> Response {
    figures((state.metrics)())
}

/// Rendered figures as an answer.
pub(crate) fn figures(rendered: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], rendered).into_response()
}
