//! `GET /api/v1/account/sign-ins`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{SignInId, people};

use crate::{ApiState, people::SignedIn, problem::Problem};

/// Where one is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInList {
    /// The sign-ins that have not ended, oldest first.
    sign_ins: Vec<SignInView>,
    /// Always `null`: the list comes whole.
    next_cursor: Option<String>,
}

/// A sign-in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignInEntry)]
pub(crate) struct SignInView {
    /// Identifier.
    id: String,
    /// Whether it is the one of this request.
    current: bool,
    /// What the program said it was.
    agent: Option<String>,
    /// The network address it began from.
    origin: Option<String>,
    /// When it began (RFC 3339, UTC).
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last got new tokens (RFC 3339, UTC).
    #[schema(format = DateTime)]
    used_at: String,
    /// When it ends at the latest (RFC 3339, UTC).
    #[schema(format = DateTime)]
    expires_at: String,
}

impl SignInView {
    fn new(sign_in: people::SignIn, current: SignInId) -> Self {
        let people::SignIn { id, user: _, created_at, used_at, expires_at, agent, origin } = sign_in;
        Self {
            id: id.to_string(),
            current: id == current,
            agent,
            origin: origin.map(|origin| origin.to_string()),
            created_at: created_at.to_string(),
            used_at: used_at.to_string(),
            expires_at: expires_at.to_string(),
        }
    }
}

/// List your sign-ins
#[utoipa::path(
    get, path = "/account/sign-ins", tag = "account",
    responses((
        status = 200, description = "The sign-ins.", body = SignInList,
        example = json!({
            "sign_ins": [{
                "id": "sig_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
                "current": true,
                "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "origin": "192.0.2.7",
                "created_at": "2026-01-01T00:00:00.000Z",
                "used_at": "2026-01-01T00:10:00.000Z",
                "expires_at": "2026-06-30T00:00:00.000Z"
            }],
            "next_cursor": null
        }),
    )),
)]
pub(crate) async fn list_sign_ins(
    State(state): State<ApiState>,
    signed_in: SignedIn,
) -> Result<Json<SignInList>, Problem> {
    let found = people::list_sign_ins(&state.env, state.people.ports(), signed_in.user).await?;
    let sign_ins = found.into_iter().map(|one| SignInView::new(one, signed_in.sign_in)).collect();
    Ok(Json(SignInList { sign_ins, next_cursor: None }))
}
