//! `POST /api/v1/account/invitations/accept`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::people::{self, TokenSecret};

use crate::{ApiState, extract::JsonBody, problem::Problem};

/// What the link of an invitation carries; with name and password when the address has no account yet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptInvitation {
    /// What stands behind `#token=` in the link.
    token: String,
    /// What people call you, for a new account.
    #[schema(example = "Ayu Lestari")]
    name: Option<String>,
    /// For a new account: 10 to 200 characters.
    password: Option<String>,
}

/// Who joined what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Joined {
    /// The account.
    #[schema(example = "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    user: String,
    /// The workspace.
    #[schema(example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    workspace: String,
}

/// Accept an invitation
///
/// The account of the invited address becomes a member. When there is none it is made, with the name and password
/// given; 422 names what is missing. Nobody is signed in by it.
#[utoipa::path(
    post, path = "/account/invitations/accept", tag = "account",
    request_body(
        content = AcceptInvitation,
        example = json!({"token": "wgt_…", "name": "Ayu Lestari", "password": "correct horse battery"}),
    ),
    responses(
        (
            status = 200, description = "Joined. Sign in now.", body = Joined,
            example = json!({"user": "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G", "workspace": "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G"}),
        ),
        (status = 403, description = "`registration_closed`"),
        (status = 410, description = "`link_gone`"),
    ),
)]
pub(crate) async fn accept_invitation(
    State(state): State<ApiState>,
    JsonBody { value, .. }: JsonBody<AcceptInvitation>,
) -> Result<Json<Joined>, Problem> {
    let request = people::AcceptInvitation {
        token: TokenSecret::presented(value.token),
        name: value.name,
        password: value.password,
    };
    let (user, workspace) = people::accept_invitation(&state.env, state.people.ports(), request).await?;
    Ok(Json(Joined { user: user.to_string(), workspace: workspace.to_string() }))
}
