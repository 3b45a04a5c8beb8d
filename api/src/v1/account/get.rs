//! `GET /api/v1/account`

use axum::{Json, extract::State};

use super::view::{AccountView, example};
use crate::{
    ApiState,
    people::SignedIn,
    problem::{Code, Problem},
};

/// Show your account
///
/// With the workspaces you belong to. A request to the rest of the API names one of them in the header
/// `Wagate-Workspace`; who belongs to one only may leave it out.
#[utoipa::path(
    get, path = "/account", tag = "account",
    responses((status = 200, description = "The account.", body = AccountView, example = json!(example()))),
)]
pub(crate) async fn get_account(
    State(state): State<ApiState>,
    signed_in: SignedIn,
) -> Result<Json<AccountView>, Problem> {
    let ports = state.people.ports();
    let person = ports.people.get(signed_in.user).await?;
    let person = person.ok_or_else(|| Problem::plain(Code::Unauthenticated))?;
    let memberships = ports.people.memberships(person.id).await?;
    let factor = ports.factors.get(person.id).await?.filter(|factor| factor.confirmed_at.is_some());
    Ok(Json(AccountView::new(person, memberships, factor.map(|factor| factor.recovery_codes))))
}
