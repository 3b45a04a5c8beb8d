//! `DELETE /api/v1/sessions/{id}`

use axum::extract::State;
use http::StatusCode;
use wagate_domain::{
    SessionId,
    sessions::{self, RemovePorts},
};

use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// Delete a session
///
/// Unlinks the device at WhatsApp and deletes the session with its credentials. What still waits to be sent is
/// cancelled; messages stay readable.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 204, description = "Deleted.")),
)]
pub(crate) async fn delete_session(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
) -> Result<StatusCode, Problem> {
    let ports = RemovePorts { sessions: &*state.sessions, calls: &*state.calls, lanes: &*state.lanes };
    sessions::remove(&state.env, ports, caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
