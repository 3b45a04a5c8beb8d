//! `PATCH /api/v1/sessions/{id}`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{
    SessionId,
    sessions::{self, RewriteSession},
};

use super::{
    pacing::PacingView,
    view::{SessionView, example},
};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Caller, IdPath, JsonBody},
    problem::{Code, Problem},
};

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionChange {
    /// A name for people, 1 to 100 characters.
    #[schema(example = "support line")]
    name: Option<String>,
    /// How fast it may send, whole: `{}` lifts every limit.
    pacing: Option<PacingView>,
}

/// Change a session
///
/// A new pace holds from the next message on, also while the session is connected.
#[utoipa::path(
    patch, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = SessionChange, example = json!({"pacing": {"per_minute": 30, "burst": 5, "jitter_ms": 1000}})),
    responses((status = 200, description = "As it is now.", body = SessionView, example = json!(example()))),
)]
pub(crate) async fn change_session(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
    JsonBody { value: SessionChange { name, pacing }, .. }: JsonBody<SessionChange>,
) -> Result<(Changed, Json<SessionView>), Problem> {
    let change = RewriteSession { name, pacing: pacing.map(Into::into) };
    let gone = || Problem::plain(Code::SessionNotFound);
    let before = state.sessions.get(caller.workspace, id).await?.ok_or_else(gone)?;
    let changed = sessions::rewrite(&*state.sessions, &*state.calls, caller, id, change).await?;
    let (before, after) = (SessionView::from(before), SessionView::from(changed.ok_or_else(gone)?));
    Ok((Changed::changed(id, &before, &after), Json(after)))
}
