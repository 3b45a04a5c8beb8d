//! `GET /api/v1/sessions`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::{SessionId, auth::Principal, page};

use super::view::{SessionView, example};
use crate::{
    ApiState,
    admission::Grants,
    extract::{Caller, Query},
    problem::Problem,
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSessions {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Page size, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// A page of sessions, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionPage {
    /// The sessions.
    sessions: Vec<SessionView>,
    /// Pass it as `cursor` to get the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// List sessions
///
/// Oldest first. A key that is limited to sessions is shown those; a page of it may be shorter than asked for.
#[utoipa::path(
    get, path = "/sessions", tag = "sessions",
    params(ListSessions),
    responses((
        status = 200, description = "A page of sessions.", body = SessionPage,
        example = json!({"sessions": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_sessions(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    grants: Grants,
    Query(query): Query<ListSessions>,
) -> Result<Json<SessionPage>, Problem> {
    Ok(Json(page_of(&state, caller, &grants, query).await?))
}

async fn page_of(
    state: &ApiState,
    caller: Principal,
    grants: &Grants,
    query: ListSessions,
) -> Result<SessionPage, Problem> {
    let limit = page::limit(query.limit)?;
    let after = query.cursor.map(|cursor| cursor.parse::<SessionId>()).transpose();
    let after = after.map_err(|_| page::no_cursor())?;
    let mut found = state.sessions.list(caller.workspace, after, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|last| last.id.to_string());
    found.retain(|session| grants.reaches(session.id));
    Ok(SessionPage { sessions: found.into_iter().map(SessionView::from).collect(), next_cursor })
}
