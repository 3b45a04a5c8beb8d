//! `PATCH /api/v1/operator/workspaces/{id}`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{WorkspaceId, workspaces};

use super::{
    get::find,
    view::{PlanView, WorkspaceView, example},
};
use crate::{
    ApiState,
    admission::Changed,
    extract::{IdPath, JsonBody, given},
    problem::Problem,
};

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceChange {
    /// What people call it, 1 to 100 characters.
    #[schema(example = "Acme")]
    name: Option<String>,
    /// Its own plan, whole; `null`: the installation's.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<PlanView>)]
    plan: Option<Option<PlanView>>,
}

/// Change a workspace
///
/// A new plan holds within a second. Sessions that a smaller plan has no room for stay; no further ones can be made.
#[utoipa::path(
    patch, path = "/operator/workspaces/{id}", tag = "operator",
    params(("id" = String, Path, description = "The workspace's id.", example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = WorkspaceChange, example = json!({"plan": {"sessions": 20}})),
    responses((status = 200, description = "As it is now.", body = WorkspaceView, example = json!(example()))),
)]
pub(crate) async fn change_workspace(
    State(state): State<ApiState>,
    IdPath(id): IdPath<WorkspaceId>,
    JsonBody { value, .. }: JsonBody<WorkspaceChange>,
) -> Result<(Changed, Json<WorkspaceView>), Problem> {
    let before = WorkspaceView::from(find(&state, id).await?);
    let plan = value.plan.map(|plan| plan.map(Into::into));
    let request = workspaces::ChangeWorkspace { name: value.name, plan };
    let after = WorkspaceView::from(workspaces::change(&*state.terms.workspaces, id, request).await?);
    Ok((Changed::rewritten(&id.to_string(), &before, &after), Json(after)))
}
