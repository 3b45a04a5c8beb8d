//! `POST /api/v1/sessions`

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::sessions::{self, CreatePorts};

use super::{
    pacing::PacingView,
    proxy::{ProxyBody, read_proxy},
    view::{SessionView, example},
};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Answer, Caller, Fingerprint, JsonBody, Once},
    problem::Problem,
};

/// A session to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateSession {
    /// A name for people, 1 to 100 characters; invented when left out.
    #[schema(example = "support line")]
    name: Option<String>,
    /// How fast it may send; what suits the network of this installation when left out.
    pacing: Option<PacingView>,
    /// What it reaches WhatsApp by; straight when left out.
    proxy: Option<ProxyBody>,
    /// Whether to start it at once, so that a QR code is on offer soon.
    #[serde(default = "yes")]
    #[schema(default = true)]
    start: bool,
}

const fn yes() -> bool {
    true
}

/// Make a session
///
/// Makes a session and, unless `start` is false, starts it. Link it with `GET /sessions/{id}/qr` or
/// `POST /sessions/{id}/pairing-code`.
#[utoipa::path(
    post, path = "/sessions", tag = "sessions",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day.")),
    request_body(content = CreateSession, example = json!({"name": "support line"})),
    responses(
        (status = 201, description = "Made.", body = SessionView, example = json!(example())),
        (status = 403, description = "`plan_limit_reached`, `workspace_suspended`"),
    ),
)]
pub(crate) async fn create_session(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    once: Once,
    JsonBody { value, digest }: JsonBody<CreateSession>,
) -> Result<Response, Problem> {
    let state = &state;
    once.run(state, Fingerprint::of([digest.as_str()]), |seed| async move {
        let pacing = value.pacing.map_or_else(|| state.default_pacing.clone(), Into::into);
        let proxy = read_proxy(state, value.proxy)?;
        let request = sessions::CreateSession { name: value.name, pacing, proxy, start: value.start, seed };
        let ports = CreatePorts { terms: state.terms(), sessions: &*state.sessions, calls: &*state.calls };
        let made = sessions::create(&state.env, ports, caller, request).await?;
        let (id, shown) = (made.id, SessionView::from(made));
        Ok(Answer::json(StatusCode::CREATED, &shown)?.noting(Changed::made(&id.to_string(), &shown)))
    })
    .await
}
