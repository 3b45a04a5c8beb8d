//! `PATCH /api/v1/sessions/{id}`

use axum::{Json, extract::State};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use wagate_domain::{
    SessionId,
    sessions::{self, RewriteSession},
};

use super::{
    pacing::PacingView,
    proxy::{ProxyBody, read_proxy},
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
    /// What it reaches WhatsApp by; `null`: straight.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ProxyBody>)]
    proxy: Option<Option<ProxyBody>>,
}

/// Tells `null` from absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<ProxyBody>>, D::Error> {
    Option::<ProxyBody>::deserialize(deserializer).map(Some)
}

/// Change a session
///
/// A new pace holds from the next message on, also while the session is connected. By a new proxy it connects anew.
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
    JsonBody { value: SessionChange { name, pacing, proxy }, .. }: JsonBody<SessionChange>,
) -> Result<(Changed, Json<SessionView>), Problem> {
    let proxy = proxy.map(|proxy| read_proxy(&state, proxy)).transpose()?;
    let change = RewriteSession { name, pacing: pacing.map(Into::into), proxy };
    let gone = || Problem::plain(Code::SessionNotFound);
    let before = state.sessions.get(caller.workspace, id).await?.ok_or_else(gone)?;
    let changed = sessions::rewrite(&*state.sessions, &*state.calls, caller, id, change).await?;
    let (before, after) = (SessionView::from(before), SessionView::from(changed.ok_or_else(gone)?));
    Ok((Changed::rewritten(&id.to_string(), &before, &after), Json(after)))
}
