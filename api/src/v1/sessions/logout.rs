//! `POST /api/v1/sessions/{id}/logout`

use std::time::Duration;

use axum::{Json, extract::State};
use http::StatusCode;
use wagate_domain::{
    SessionId,
    auth::Principal,
    sessions::{self, Command, CommandReply, Session},
};

use super::view::{SessionView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// How long the owner has to unlink the device before the caller is told to look later.
const PATIENCE: Duration = Duration::from_secs(8);

/// Log a session out
///
/// Unlinks the device at WhatsApp. The session stays and can be linked again. The answer comes when the device is
/// unlinked or after some seconds, whichever is first; watch the state.
#[utoipa::path(
    post, path = "/sessions/{id}/logout", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses(
        (status = 202, description = "Unlinked, or about to be.", body = SessionView, example = json!(example())),
        (status = 409, description = "`session_not_linked`, `session_refused`"),
    ),
)]
pub(crate) async fn logout_session(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
) -> Result<(StatusCode, Json<SessionView>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(logout(&state, caller, id).await?.into())))
}

async fn logout(state: &ApiState, caller: Principal, id: SessionId) -> Result<Session, Problem> {
    let session = super::find(state, caller, id).await?;
    if !session.is_linked() {
        return Err(Problem::plain(Code::SessionNotLinked));
    }
    if !session.wanted {
        // WhatsApp can only be told over a connection
        sessions::start(state.terms(), &*state.sessions, &*state.calls, caller, id).await?;
    }
    match state.calls.call(session.key(), &Command::Logout, PATIENCE).await? {
        Some(CommandReply::Refused { code, message }) => Err(super::refused(&code, &message)),
        Some(CommandReply::Done | CommandReply::Pairing(_) | CommandReply::Health(_)) | None => {
            super::find(state, caller, id).await
        }
    }
}
