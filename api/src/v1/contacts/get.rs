//! `GET /api/v1/contacts/{id}`

use axum::{Json, extract::State};
use wagate_domain::ContactId;

use super::view::{PersonView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// Look at a contact
///
/// When two contacts turned out to be one person, the id that went leads to the one that stayed: the answer carries its id.
#[utoipa::path(
    get, path = "/contacts/{id}", tag = "contacts",
    params(("id" = String, Path, description = "The contact's id.", example = "ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "The contact.", body = PersonView, example = json!(example()))),
)]
pub(crate) async fn get_contact(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<ContactId>,
) -> Result<Json<PersonView>, Problem> {
    let found = state.contacts.get(caller.workspace, id).await?;
    Ok(Json(found.ok_or_else(|| Problem::plain(Code::ContactNotFound))?.into()))
}
