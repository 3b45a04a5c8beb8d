//! `DELETE /api/v1/members/{id}`

use axum::extract::State;
use http::StatusCode;
use wagate_domain::{UserId, people};

use super::view::MemberView;
use crate::{
    ApiState,
    admission::Changed,
    extract::{Caller, Grants, IdPath},
    problem::Problem,
};

/// Remove a member
///
/// Everybody may leave by themselves; to remove others takes the permission to change members. A workspace keeps an
/// owner. What the person may do here ends within a second.
#[utoipa::path(
    delete, path = "/members/{id}", tag = "members",
    params(("id" = String, Path, description = "The person's id.", example = "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses(
        (status = 204, description = "Removed."),
        (status = 403, description = "`permission_missing`, `role_above_own`"),
        (status = 409, description = "`last_owner`"),
    ),
)]
pub(crate) async fn remove_member(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    grants: Grants,
    IdPath(user): IdPath<UserId>,
) -> Result<(Changed, StatusCode), Problem> {
    let before = state.people.members.get(caller.workspace, user).await?.map(MemberView::from);
    people::remove_member(state.people.ports(), caller, grants.permissions(), user).await?;
    Ok((Changed::gone(&user.to_string(), &before), StatusCode::NO_CONTENT))
}
