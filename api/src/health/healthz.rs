//! `GET /healthz`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `alive`.
    #[schema(example = "alive")]
    status: &'static str,
    /// Version of the gateway.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Is the process alive?
///
/// Asks nothing else; restart the process when it does not answer.
#[utoipa::path(
    get, path = "/healthz", tag = "health",
    responses((
        status = 200, description = "Alive.", body = Health,
        example = json!({"status": "alive", "version": "0.1.0"}),
    )),
)]
pub(crate) async fn get_health() -> Json<Health> {
    Json(Health::alive())
}

impl Health {
    pub(crate) const fn alive() -> Self {
        Self { status: "alive", version: env!("CARGO_PKG_VERSION") }
    }
}
