//! `POST /api/v1/sessions/{id}/presence`

use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{
    SessionId,
    auth::Principal,
    sessions::{Command, CommandReply},
};

use crate::{
    ApiState,
    extract::{Caller, IdPath, JsonBody},
    problem::{Code, Problem},
};

/// How long the owner has to tell WhatsApp.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the account is online.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShownPresence {
    /// Online; chat partners see it, and show when they type.
    Available,
    /// Not online.
    Unavailable,
}

/// What others see of the account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowPresence {
    /// Online or not.
    presence: ShownPresence,
}

/// Show the account as online or not
///
/// WhatsApp tells who is typing only to accounts that are online. While this session is, the phone shows no
/// notifications. Asked for once, it is said again on every new connection, until the session is stopped.
#[utoipa::path(
    post, path = "/sessions/{id}/presence", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = ShowPresence, example = json!({"presence": "available"})),
    responses(
        (status = 204, description = "WhatsApp was told."),
        (status = 409, description = "`session_not_linked`, `session_refused`"),
        (status = 503, description = "`session_unreachable`"),
    ),
)]
pub(crate) async fn show_presence(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
    JsonBody { value, .. }: JsonBody<ShowPresence>,
) -> Result<StatusCode, Problem> {
    let available = value.presence == ShownPresence::Available;
    tell(&state, caller, id, Command::ShowPresence { available }).await
}

/// Has the session's owner tell WhatsApp something.
pub(super) async fn tell(
    state: &ApiState,
    caller: Principal,
    id: SessionId,
    command: Command,
) -> Result<StatusCode, Problem> {
    let session = super::find(state, caller, id).await?;
    if !session.is_linked() {
        return Err(Problem::plain(Code::SessionNotLinked));
    }
    match state.calls.call(session.key(), &command, PATIENCE).await? {
        Some(CommandReply::Refused { code, message }) => Err(super::refused(&code, &message)),
        Some(CommandReply::Done | CommandReply::Pairing(_) | CommandReply::Health(_)) => {
            Ok(StatusCode::NO_CONTENT)
        }
        None => Err(Problem::plain(Code::SessionUnreachable).retry_after(5)),
    }
}
