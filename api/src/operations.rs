//! How a process is, for those who run it: the same answers in every role, on an address of its own and without a key.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use serde::Serialize;

use crate::{
    ReadinessCheck,
    health::{Health, Readiness, assess, figures},
    not_found,
};

/// What a process tells about itself. Clones share it.
#[derive(Clone)]
pub struct Operations {
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
    started: Arc<OnceLock<Started>>,
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").field("started", &self.started.get().is_some()).finish_non_exhaustive()
    }
}

struct Started {
    checks: Arc<[ReadinessCheck]>,
    sessions: Option<CountSessions>,
}

/// Tells how many sessions a connector has.
pub type CountSessions = Box<dyn Fn() -> SessionCount + Send + Sync>;

/// Sessions of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SessionCount {
    /// Those it holds.
    pub held: usize,
    /// Those among them that can send right now.
    pub connected: usize,
}

impl Operations {
    /// A process that is starting; `metrics` renders its figures in the Prometheus text format.
    pub fn starting(metrics: Arc<dyn Fn() -> String + Send + Sync>) -> Self {
        Self { metrics, started: Arc::default() }
    }

    /// It has started: from now on it is ready when every check passes. Only the first call counts.
    pub fn started(&self, checks: Arc<[ReadinessCheck]>, sessions: Option<CountSessions>) {
        self.started.get_or_init(|| Started { checks, sessions });
    }
}

/// Serves `/health/live`, `/health/ready` and `/metrics`.
pub fn operations(operations: Operations) -> Router {
    Router::new()
        .route("/health/live", get(async || Json(Health::alive())))
        .route("/health/ready", get(ready))
        .route("/metrics", get(async |State(of): State<Operations>| figures((of.metrics)())))
        .fallback(not_found)
        .with_state(operations)
}

/// Whether a process can do its work.
#[derive(Debug, Serialize)]
struct ProcessReadiness {
    #[serde(flatten)]
    readiness: Readiness,
    /// Of a connector only.
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions: Option<SessionCount>,
}

async fn ready(State(operations): State<Operations>) -> Response {
    let Some(Started { checks, sessions }) = operations.started.get() else {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Readiness::starting())).into_response();
    };
    let readiness = assess(checks).await;
    let sessions = sessions.as_ref().map(|count| count());
    (readiness.code(), Json(ProcessReadiness { readiness, sessions })).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn get(process: &Operations, path: &str) -> (u16, serde_json::Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = super::operations(process.clone()).oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 65_536).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    fn check(name: &'static str, well: bool) -> ReadinessCheck {
        let ask = move || if well { Ok(()) } else { Err("away".to_owned()) };
        ReadinessCheck::new(name, Box::new(move || Box::pin(async move { ask() })))
    }

    #[tokio::test]
    async fn a_process_is_alive_at_once_and_ready_once_it_has_started() {
        let process = Operations::starting(Arc::new(String::new));
        assert_eq!(get(&process, "/health/live").await.0, 200);
        let (status, body) = get(&process, "/health/ready").await;
        assert_eq!((status, body["status"].as_str()), (503, Some("starting")));
        process.started([check("redis", true)].into(), None);
        let (status, body) = get(&process, "/health/ready").await;
        assert_eq!((status, &body["checks"][0]["ok"], body.get("sessions")), (200, &true.into(), None));
    }

    #[tokio::test]
    async fn one_failed_check_is_enough() {
        let process = Operations::starting(Arc::new(String::new));
        let count: CountSessions = Box::new(|| SessionCount { held: 3, connected: 2 });
        process.started([check("redis", true), check("running", false)].into(), Some(count));
        let (status, body) = get(&process, "/health/ready").await;
        assert_eq!((status, body["status"].as_str()), (503, Some("unavailable")));
        assert_eq!(body["sessions"], serde_json::json!({"held": 3, "connected": 2}));
    }
}
