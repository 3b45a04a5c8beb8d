//! Sending from a phone, and fetching what it received.

use axum::Json;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::body::Body;
use super::draft::NewMessage;
use super::message_view::{MessageView, ReceiptList, ReceiptView};
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

/// Who has told what about a message that the phone has sent: delivered, read, played.
#[utoipa::path(get, path = "/v1/phones/{number}/messages/{id}/receipts", tag = "messages",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = ReceiptList), (status = "4XX", body = Problem)))]
pub(super) async fn receipts(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<Json<ReceiptList>, Problem> {
    let receipts = control.phones.seen_by(&digits("number", &number)?, &id).await?;
    Ok(Json(ReceiptList { items: receipts.into_iter().map(ReceiptView::from).collect() }))
}

/// Marks one message as read; its sender gets a read receipt.
#[utoipa::path(post, path = "/v1/phones/{number}/messages/{id}/read", tag = "messages",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn read(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.phones.read_message(&digits("number", &number)?, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Plays a voice note or a video, or opens a message that opens once; its sender gets a receipt.
#[utoipa::path(post, path = "/v1/phones/{number}/messages/{id}/play", tag = "messages",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn play(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.phones.play(&digits("number", &number)?, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The decrypted file of a message, as a stream.
#[utoipa::path(get, path = "/v1/phones/{number}/messages/{id}/media", tag = "messages",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = "4XX", body = Problem)))]
pub(super) async fn media(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let file = control.phones.open_media(&digits("number", &number)?, &id).await?;
    let mimetype = header::HeaderValue::from_str(&file.media.mimetype)
        .unwrap_or(header::HeaderValue::from_static("application/octet-stream"));
    let headers = [(header::CONTENT_TYPE, mimetype), (header::CONTENT_LENGTH, file.length.into())];
    Ok((headers, axum::body::Body::from_stream(file.body)).into_response())
}
