//! What companions of a phone did wrong.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Control;
use super::body::Paging;
use super::number::digits;
use super::problem::Problem;
use super::views::rfc3339;
use crate::phones::{ClientError, ClientErrorKind};

/// An error of a companion.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClientErrorView {
    /// Device id of the companion.
    device: u16,
    kind: ClientErrorKind,
    detail: String,
    /// RFC 3339, UTC.
    time: String,
}

/// One page of errors, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClientErrorList {
    items: Vec<ClientErrorView>,
    next_cursor: Option<String>,
}

/// What the phone, which holds the keys, found wrong in what its companions sent. A correct client
/// leaves this list empty.
#[utoipa::path(get, path = "/v1/phones/{number}/client-errors", tag = "devices",
    params(("number" = String, Path), Paging),
    responses((status = 200, body = ClientErrorList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(control): State<Control>,
    Path(number): Path<String>,
    paging: Paging,
) -> Result<Json<ClientErrorList>, Problem> {
    let number = digits("number", &number)?;
    let page = control.phones.client_errors(&number, paging.seq()?, paging.limit).await?;
    let items = page.items.into_iter().map(ClientErrorView::from).collect();
    Ok(Json(ClientErrorList { items, next_cursor: page.next }))
}

impl From<ClientError> for ClientErrorView {
    fn from(error: ClientError) -> Self {
        Self { device: error.device, kind: error.kind, detail: error.detail, time: rfc3339(error.time) }
    }
}
