//! `DELETE /api/v1/sessions/{id}`

use axum::{extract::State, response::IntoResponse};
use http::StatusCode;
use wagate_domain::{
    SessionId,
    sessions::{self, RemovePorts},
};

use super::view::SessionView;
use crate::{
    ApiState,
    admission::Changed,
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
) -> Result<impl IntoResponse, Problem> {
    let before = state.sessions.get(caller.workspace, id).await?;
    let ports = RemovePorts { sessions: &*state.sessions, calls: &*state.calls, lanes: &*state.lanes };
    sessions::remove(&state.env, ports, caller, id).await?;
    let gone = before.map(|before| Changed::gone(id, &SessionView::from(before)));
    Ok((gone, StatusCode::NO_CONTENT))
}
