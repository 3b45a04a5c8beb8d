//! `POST /api/v1/members/invitations`

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::people;

use super::{
    invitation_view::{InvitationView, example},
    role_of,
};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Answer, Caller, Fingerprint, Grants, JsonBody, Once},
    problem::Problem,
};

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteMember {
    /// Where the link is sent.
    #[schema(example = "budi@example.com")]
    address: String,
    /// What they are to be: `owner`, `admin`, `operator`, `agent` or `viewer`; at most what you are.
    #[schema(example = "agent")]
    role: String,
}

/// Invite somebody
///
/// Sends a link to the address, good for a week. An older invitation of the same address is void.
#[utoipa::path(
    post, path = "/members/invitations", tag = "members",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day.")),
    request_body(content = InviteMember, example = json!({"address": "budi@example.com", "role": "agent"})),
    responses(
        (status = 201, description = "A mail is on its way.", body = InvitationView, example = json!(example())),
        (status = 403, description = "`role_above_own`, `plan_limit_reached`"),
        (status = 409, description = "`already_member`"),
    ),
)]
pub(crate) async fn invite_member(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    grants: Grants,
    once: Once,
    JsonBody { value, digest }: JsonBody<InviteMember>,
) -> Result<Response, Problem> {
    let state = &state;
    let role = role_of(&value.role)?;
    once.run(state, Fingerprint::of([digest.as_str()]), |_| async move {
        let (ports, may) = (state.people.ports(), grants.permissions());
        let (workspace, address) = (caller.workspace, &value.address);
        people::check_room(&state.env, state.terms(), &*state.people.members, workspace, address).await?;
        let made = people::invite(&state.env, ports, caller, may, (address, role)).await?;
        let (id, shown) = (made.id, InvitationView::from(made));
        Ok(Answer::json(StatusCode::CREATED, &shown)?.noting(Changed::made(&id.to_string(), &shown)))
    })
    .await
}
