//! `GET /api/v1/contacts`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::contacts;

use super::view::{PersonView, example};
use crate::{
    ApiState,
    extract::{Caller, Query, session_of},
    problem::Problem,
};

/// Which contacts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListContacts {
    /// Only this session's.
    #[param(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    session: Option<String>,
    /// Only those with this in their name or number; case and accents do not count.
    #[param(example = "ayu")]
    q: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Page size, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// A page of contacts, the one met last first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactPage {
    /// The contacts.
    contacts: Vec<PersonView>,
    /// Pass it as `cursor` to get the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// List contacts
///
/// Whoever a session has written with or heard of, the one met last first. A person whom two sessions know is two contacts.
#[utoipa::path(
    get, path = "/contacts", tag = "contacts",
    params(ListContacts),
    responses((
        status = 200, description = "A page of contacts.", body = ContactPage,
        example = json!({"contacts": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_contacts(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    Query(query): Query<ListContacts>,
) -> Result<Json<ContactPage>, Problem> {
    let ListContacts { session, q, cursor, limit } = query;
    let request = contacts::ListContacts { session: session_of(session)?, text: q, cursor, limit };
    let page = contacts::list(&*state.contacts, caller, request).await?;
    let contacts = page.contacts.into_iter().map(PersonView::from).collect();
    Ok(Json(ContactPage { contacts, next_cursor: page.next_cursor }))
}
