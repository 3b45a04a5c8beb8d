//! `POST /api/v1/sessions/{id}/start`

use axum::{Json, extract::State};
use http::StatusCode;
use wagate_domain::{SessionId, sessions};

use super::view::{SessionView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// Start a session
///
/// Lets a connector take the session and bring it online, or offer QR codes when it is not linked.
/// Starting a started session asks its connector to look again.
#[utoipa::path(
    post, path = "/sessions/{id}/start", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((
        status = 202, description = "It will start; watch its state.", body = SessionView, example = json!(example()),
    )),
)]
pub(crate) async fn start_session(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
) -> Result<(StatusCode, Json<SessionView>), Problem> {
    let session = sessions::start(state.terms(), &*state.sessions, &*state.calls, caller, id).await?;
    let session = session.ok_or_else(|| Problem::plain(Code::SessionNotFound))?;
    Ok((StatusCode::ACCEPTED, Json(session.into())))
}
