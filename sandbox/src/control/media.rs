//! What becomes of files: they expire on the server, or are deleted on a phone.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::number::digits;
use super::problem::Problem;

/// Which file shall expire: that of an address, or that of a phone's message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Expiring {
    /// By its address.
    Address(ExpiringAddress),
    /// By a message.
    Message(ExpiringMessage),
}

/// A file by its address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpiringAddress {
    /// As messages give it: `/v/image/…`.
    direct_path: String,
}

/// The file of a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpiringMessage {
    /// Number of a phone that has the message.
    phone: String,
    /// The message's id.
    message: String,
}

/// Lets a file expire: clients get 410 for its address. Phones, which keep what they sent and
/// received, read on and upload it again, under another address, when a companion asks.
#[utoipa::path(post, path = "/v1/media/expire", tag = "media", request_body = Expiring,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn expire(
    State(control): State<Control>,
    Body(expiring): Body<Expiring>,
) -> Result<StatusCode, Problem> {
    match expiring {
        Expiring::Address(file) => control.network.expire_media(&file.direct_path).await?,
        Expiring::Message(file) => {
            control.phones.expire_media(&digits("phone", &file.phone)?, &file.message).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes the phone's copy of a file: it can neither be opened there nor be uploaded again.
#[utoipa::path(delete, path = "/v1/phones/{number}/messages/{id}/media", tag = "media",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn lose(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.phones.lose_media(&digits("number", &number)?, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
