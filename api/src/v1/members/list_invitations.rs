//! `GET /api/v1/members/invitations`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::invitation_view::{InvitationView, example};
use crate::{ApiState, extract::Caller, problem::Problem};

/// The invitations of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationList {
    /// Those that can still be accepted, oldest first.
    invitations: Vec<InvitationView>,
    /// Always `null`: the list comes whole.
    next_cursor: Option<String>,
}

/// List invitations
///
/// Those that can still be accepted.
#[utoipa::path(
    get, path = "/members/invitations", tag = "members",
    responses((
        status = 200, description = "The invitations.", body = InvitationList,
        example = json!({"invitations": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_invitations(
    State(state): State<ApiState>,
    Caller(caller): Caller,
) -> Result<Json<InvitationList>, Problem> {
    let found = state.people.members.invitations(caller.workspace, state.env.now()).await?;
    let invitations = found.into_iter().map(InvitationView::from).collect();
    Ok(Json(InvitationList { invitations, next_cursor: None }))
}
