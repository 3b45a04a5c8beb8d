//! `GET /api/v1/members`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{MemberView, example};
use crate::{ApiState, extract::Caller, problem::Problem};

/// The members of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberList {
    /// The members.
    members: Vec<MemberView>,
    /// Always `null`: the list comes whole.
    next_cursor: Option<String>,
}

/// List members
#[utoipa::path(
    get, path = "/members", tag = "members",
    responses((
        status = 200, description = "The members.", body = MemberList,
        example = json!({"members": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_members(
    State(state): State<ApiState>,
    Caller(caller): Caller,
) -> Result<Json<MemberList>, Problem> {
    let members = state.people.members.list(caller.workspace).await?;
    Ok(Json(MemberList { members: members.into_iter().map(MemberView::from).collect(), next_cursor: None }))
}
