//! A phone set up anew, or with another number.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::number::digits;
use super::phones::view;
use super::problem::Problem;
use super::views::PhoneView;

/// The number to move to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNumber {
    /// Phone number, with or without `+`, that has no phone yet.
    number: String,
}

/// Installs the app anew: new identity, companions unlinked, the chats' security codes change.
#[utoipa::path(post, path = "/v1/phones/{number}/reinstall", tag = "phones", params(("number" = String, Path)),
    responses((status = 200, body = PhoneView), (status = "4XX", body = Problem)))]
pub(super) async fn reinstall(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<PhoneView>, Problem> {
    let phone = control.phones.reinstall(&digits("number", &number)?).await?;
    Ok(Json(view(&control, phone).await))
}

/// Moves the account to another number: companions unlinked, contacts told, the LID stays.
#[utoipa::path(post, path = "/v1/phones/{number}/change-number", tag = "phones",
    params(("number" = String, Path)), request_body = NewNumber,
    responses((status = 200, body = PhoneView), (status = "4XX", body = Problem)))]
pub(super) async fn change_number(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(new): Body<NewNumber>,
) -> Result<Json<PhoneView>, Problem> {
    let (number, new) = (digits("number", &number)?, digits("number", &new.number)?);
    let phone = control.phones.change_number(&number, &new).await?;
    Ok(Json(view(&control, phone).await))
}
