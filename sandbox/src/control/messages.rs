//! Sending from a phone, and fetching what it received.

use axum::Json;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::body::Body;
use super::draft::NewMessage;
use super::message_view::MessageView;
use super::number::digits;
use super::problem::Problem;
use super::{Control, multipart};

/// Sends a message: JSON, or `multipart/form-data` with the fields `to`, `kind`, `file` and
/// optionally `mimetype`, `caption`, `file_name`, `reply_to`, `mentions` (comma separated).
/// Answers when the network has acknowledged it; `status` is `failed` when the network refused.
#[utoipa::path(post, path = "/v1/phones/{number}/messages", tag = "messages", params(("number" = String, Path)),
    request_body = NewMessage, responses((status = 201, body = MessageView), (status = "4XX", body = Problem)))]
pub(super) async fn send(
    State(control): State<Control>,
    Path(number): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<MessageView>), Problem> {
    let number = digits("number", &number)?;
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let outgoing = if content_type.is_some_and(|value| value.starts_with("multipart/form-data")) {
        let form = Multipart::from_request(request, &control)
            .await
            .map_err(|rejection| Problem::body(rejection.status(), rejection.body_text()))?;
        multipart::outgoing(form).await?
    } else {
        let Body(new) = Body::<NewMessage>::from_request(request, &control).await?;
        new.outgoing().await?
    };
    let message = control.phones.send(&number, outgoing).await?;
    Ok((StatusCode::CREATED, Json(message.into())))
}

/// One message, by its id.
#[utoipa::path(get, path = "/v1/phones/{number}/messages/{id}", tag = "messages",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = MessageView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<Json<MessageView>, Problem> {
    Ok(Json(control.phones.message(&digits("number", &number)?, &id).await?.into()))
}

/// The decrypted file of a message.
#[utoipa::path(get, path = "/v1/phones/{number}/messages/{id}/media", tag = "messages",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = "4XX", body = Problem)))]
pub(super) async fn media(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (media, body) = control.phones.media(&digits("number", &number)?, &id).await?;
    let mimetype = header::HeaderValue::from_str(&media.mimetype)
        .unwrap_or(header::HeaderValue::from_static("application/octet-stream"));
    Ok(([(header::CONTENT_TYPE, mimetype)], body).into_response())
}
