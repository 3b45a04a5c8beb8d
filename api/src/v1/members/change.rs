//! `PATCH /api/v1/members/{id}`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{UserId, people};

use super::{
    role_of,
    view::{MemberView, example},
};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Caller, Grants, IdPath, JsonBody},
    problem::Problem,
};

/// What a member is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeMember {
    /// `owner`, `admin`, `operator`, `agent` or `viewer`.
    #[schema(example = "operator")]
    role: String,
}

/// Change a member's role
///
/// Nobody gives a role above their own, or changes somebody above themselves. A workspace keeps an owner.
#[utoipa::path(
    patch, path = "/members/{id}", tag = "members",
    params(("id" = String, Path, description = "The person's id.", example = "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = ChangeMember, example = json!({"role": "agent"})),
    responses(
        (status = 200, description = "Changed.", body = MemberView, example = json!(example())),
        (status = 403, description = "`role_above_own`"),
        (status = 409, description = "`last_owner`"),
    ),
)]
pub(crate) async fn change_member(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    grants: Grants,
    IdPath(user): IdPath<UserId>,
    JsonBody { value, .. }: JsonBody<ChangeMember>,
) -> Result<(Changed, Json<MemberView>), Problem> {
    let (ports, may) = (state.people.ports(), grants.permissions());
    let before = state.people.members.get(caller.workspace, user).await?.map(MemberView::from);
    let member = people::change_role(ports, caller, may, user, role_of(&value.role)?).await?;
    let after = MemberView::from(member);
    Ok((Changed::rewritten(&user.to_string(), &before, &after), Json(after)))
}
