//! `GET /readyz`

use std::time::Duration;

use axum::{Json, extract::State};
use futures::future::join_all;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ApiState, ReadinessCheck};

/// How long a machine has to answer.
const PATIENCE: Duration = Duration::from_secs(2);
const READY: &str = "ready";

/// Whether requests can be served.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready`, or `unavailable` when a check fails.
    #[schema(example = "ready")]
    status: &'static str,
    /// Every machine we depend on.
    checks: Vec<Check>,
}

/// One machine we depend on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Check {
    /// Its name.
    #[schema(example = "redis")]
    name: &'static str,
    /// Whether it answered.
    ok: bool,
}

/// Can requests be served?
///
/// Asks every machine we depend on; keep traffic away while this answers 503.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses(
        (
            status = 200, description = "Ready.", body = Readiness,
            example = json!({"status": "ready", "checks": [{"name": "redis", "ok": true}, {"name": "sql", "ok": true}]}),
        ),
        (
            status = 503, description = "A machine does not answer.", body = Readiness,
            example = json!({"status": "unavailable", "checks": [{"name": "redis", "ok": false}, {"name": "sql", "ok": true}]}),
        ),
    ),
)]
pub(crate) async fn get_readiness(State(state): State<ApiState>) -> (StatusCode, Json<Readiness>) {
    let readiness = assess(&state.readiness).await;
    (readiness.code(), Json(readiness))
}

/// Asks every machine.
pub(crate) async fn assess(checks: &[ReadinessCheck]) -> Readiness {
    let checks = join_all(checks.iter().map(ask)).await;
    let ready = checks.iter().all(|check| check.ok);
    Readiness { status: if ready { READY } else { "unavailable" }, checks }
}

impl Readiness {
    /// Of a process that has not connected to its machines yet.
    pub(crate) const fn starting() -> Self {
        Self { status: "starting", checks: Vec::new() }
    }

    /// The status of the answer.
    pub(crate) fn code(&self) -> StatusCode {
        if self.status == READY { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    }
}

async fn ask(check: &ReadinessCheck) -> Check {
    let answer = tokio::time::timeout(PATIENCE, check.ask()).await;
    let failure = answer.unwrap_or_else(|_| Err("no answer in time".to_owned())).err();
    if let Some(error) = &failure {
        // the cause is for operators; strangers may read the answer
        tracing::warn!(dependency = check.name(), error, "not ready");
    }
    Check { name: check.name(), ok: failure.is_none() }
}
