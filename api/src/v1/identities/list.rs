//! `GET /api/v1/account/identities`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{IdentityView, example};
use crate::{ApiState, people::SignedIn, problem::Problem};

/// What lets one in beside a password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityList {
    /// The identities, oldest first.
    identities: Vec<IdentityView>,
    /// Always `null`: the list comes whole.
    next_cursor: Option<String>,
}

/// List your identities
///
/// The accounts at providers that let you in.
#[utoipa::path(
    get, path = "/account/identities", tag = "account",
    responses((
        status = 200, description = "The identities.", body = IdentityList,
        example = json!({"identities": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_identities(
    State(state): State<ApiState>,
    signed_in: SignedIn,
) -> Result<Json<IdentityList>, Problem> {
    let (found, providers) =
        (state.people.identities.list(signed_in.user).await?, state.people.providers.list());
    let identities = found.into_iter().map(|one| IdentityView::new(one, &providers)).collect();
    Ok(Json(IdentityList { identities, next_cursor: None }))
}
