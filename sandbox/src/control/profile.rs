//! What a phone's user does to the profile: picture, privacy, blocking.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::number::digits;
use super::problem::Problem;

/// Value of a privacy setting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PrivacyValue {
    /// `all`, `contacts`, `none`, …: what the clients' protocol knows for the category.
    value: String,
}

/// Sets the profile picture: the body is the image, a JPEG.
#[utoipa::path(put, path = "/v1/phones/{number}/picture", tag = "profile", params(("number" = String, Path)),
    request_body(content = Vec<u8>, content_type = "image/jpeg"),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn set_picture(
    State(control): State<Control>,
    Path(number): Path<String>,
    image: Bytes,
) -> Result<StatusCode, Problem> {
    let number = digits("number", &number)?;
    if image.is_empty() {
        return Err(Problem::field("body", "There is no picture in the body.", "Send the bytes of a JPEG."));
    }
    control.phones.set_picture(&number, Some(image)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the profile picture.
#[utoipa::path(delete, path = "/v1/phones/{number}/picture", tag = "profile", params(("number" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn remove_picture(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<StatusCode, Problem> {
    control.phones.set_picture(&digits("number", &number)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Blocks a number: nothing of its messages, presence or calls reaches this phone any more.
#[utoipa::path(put, path = "/v1/phones/{number}/blocked/{peer}", tag = "profile",
    params(("number" = String, Path), ("peer" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn block(
    State(control): State<Control>,
    Path((number, peer)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.phones.block(&digits("number", &number)?, &digits("peer", &peer)?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a number off the block list.
#[utoipa::path(delete, path = "/v1/phones/{number}/blocked/{peer}", tag = "profile",
    params(("number" = String, Path), ("peer" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn unblock(
    State(control): State<Control>,
    Path((number, peer)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.phones.block(&digits("number", &number)?, &digits("peer", &peer)?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Chooses who may see or do something. Categories: `last`, `online`, `profile` (the picture),
/// `status` (the profile text), `groupadd`, `readreceipts`, `calladd`, `messages`, …
#[utoipa::path(put, path = "/v1/phones/{number}/privacy/{category}", tag = "profile",
    params(("number" = String, Path), ("category" = String, Path)), request_body = PrivacyValue,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn privacy(
    State(control): State<Control>,
    Path((number, category)): Path<(String, String)>,
    Body(chosen): Body<PrivacyValue>,
) -> Result<StatusCode, Problem> {
    control.phones.set_privacy(&digits("number", &number)?, &category, &chosen.value).await?;
    Ok(StatusCode::NO_CONTENT)
}
