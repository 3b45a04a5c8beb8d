//! `GET /api/v1/operator/deletions`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::{page, workspaces::Tombstone};

use crate::{ApiState, extract::Query, problem::Problem};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeletionsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Page size, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// What stays of a deleted workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletedWorkspace)]
pub(crate) struct DeletedView {
    /// Identifier it had.
    #[schema(example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// What people called it.
    #[schema(example = "Acme")]
    name: String,
    /// When its deletion was asked for (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    asked_at: String,
    /// When its removal began (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-08T00:00:00.000Z")]
    began_at: String,
    /// When nothing of it was left (RFC 3339, UTC); `null`: the removal goes on.
    #[schema(format = DateTime, example = "2026-01-08T00:01:00.000Z")]
    ended_at: Option<String>,
}

impl From<Tombstone> for DeletedView {
    fn from(Tombstone { id, name, asked_at, began_at, ended_at }: Tombstone) -> Self {
        Self {
            id: id.to_string(),
            name,
            asked_at: asked_at.to_string(),
            began_at: began_at.to_string(),
            ended_at: ended_at.map(|at| at.to_string()),
        }
    }
}

/// A page of deleted workspaces.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletionList {
    /// The workspaces, those made last first.
    deletions: Vec<DeletedView>,
    /// Pass it as `cursor` to get the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// List deleted workspaces
///
/// What stays of them: id, name, and when they went. Those that can still be restored are among the workspaces.
#[utoipa::path(
    get, path = "/operator/deletions", tag = "operator",
    params(DeletionsQuery),
    responses((
        status = 200, description = "A page of deleted workspaces.", body = DeletionList,
        example = json!({
            "deletions": [{
                "id": "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G", "name": "Acme", "asked_at": "2026-01-01T00:00:00.000Z",
                "began_at": "2026-01-08T00:00:00.000Z", "ended_at": "2026-01-08T00:01:00.000Z"
            }],
            "next_cursor": null
        }),
    )),
)]
pub(crate) async fn list_deletions(
    State(state): State<ApiState>,
    Query(DeletionsQuery { cursor, limit }): Query<DeletionsQuery>,
) -> Result<Json<DeletionList>, Problem> {
    let limit = page::limit(limit)?;
    let before = cursor.map(|cursor| cursor.parse().map_err(|_| page::no_cursor())).transpose()?;
    let mut found = state.removals.tombstones(before, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(DeletionList { deletions: found.into_iter().map(Into::into).collect(), next_cursor }))
}
