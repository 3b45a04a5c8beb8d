//! `POST /api/v1/sessions/{id}/messages`

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use ulid::Ulid;
use wagate_domain::{
    SessionId,
    messages::{self, Body},
};

use super::{
    accepted::{self, Accepted},
    media::{Attached, Wanted, check_target},
    request::{Payload, SendMessage, when},
    send_form,
};
use crate::{
    ApiState,
    extract::{Answer, Fingerprint, Grants, IdPath, JsonBody, Once},
    intake,
    problem::Problem,
};

/// Send a message
///
/// Takes the message into the session's queue: once answered with 202 it will not be lost. A session that is not
/// connected does not refuse; the message waits for it until `expires_at`. With `send_at` it waits for that moment; until
/// it is sent it can be changed and cancelled.
///
/// A file comes by `id`, `url` or `base64` in JSON, or as multipart/form-data with the text fields `to`, `type`,
/// `caption`, `file_name`, `mimetype`, `reply_to`, `mentions` (repeated), `priority`, `send_at`, `time_zone`, `expires_at` and
/// `campaign`, then the part `file`, last.
/// An Idempotency-Key of a form covers its fields, the file's name and type, and the length of the request; not
/// the file's bytes.
#[utoipa::path(
    post, path = "/sessions/{id}/messages", tag = "messages",
    params(
        ("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day."),
    ),
    request_body(description = "The message.", content(
        (SendMessage = "application/json", examples(
            ("text" = (value = json!({"to": "+6281234567890", "type": "text", "text": {"body": "Hello!"}}))),
            ("scheduled text" = (value = json!({
                "to": "+6281234567890", "type": "text", "text": {"body": "Merry Christmas!"},
                "send_at": "2026-12-24T18:00", "time_zone": "Asia/Jakarta",
            }))),
            ("image by URL" = (value = json!({
                "to": "6281234567890", "type": "image",
                "image": {"url": "https://example.com/menu.jpg", "caption": "Our new menu"},
            }))),
            ("uploaded document" = (value = json!({
                "to": "120363000000000001@g.us", "type": "document",
                "document": {"id": "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G", "file_name": "invoice.pdf"},
            }))),
        )),
        (send_form::SendForm = "multipart/form-data"),
    )),
    responses(
        (
            status = 202, description = "In the queue; will not be lost.", body = Accepted,
            example = json!(accepted::example()),
        ),
        (status = 422, description = "`validation_failed`, `media_fetch_failed`"),
        (status = 429, description = "`rate_limited`, `quota_exceeded`"),
    ),
)]
pub(crate) async fn send_message(
    State(state): State<ApiState>,
    caller: Grants,
    IdPath(session): IdPath<SessionId>,
    once: Once,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let sender = Sender { state: &state, caller: &caller, session };
    if intake::is_form(&parts.headers) {
        return send_form::send(sender, once, &parts.headers, body).await;
    }
    let JsonBody { value, digest } = JsonBody::read(&parts.headers, body, state.limits.base64_body).await?;
    once.run(&state, Fingerprint::of([digest.as_str()]), |seed| sender.send_json(value, seed)).await
}

/// Who sends through which session.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    pub(super) state: &'a ApiState,
    pub(super) caller: &'a Grants,
    pub(super) session: SessionId,
}

impl Sender<'_> {
    async fn send_json(self, mut request: SendMessage, seed: Option<Ulid>) -> Result<Answer, Problem> {
        let send_at = when(request.send_at.take(), request.time_zone.take())?;
        let (body, attached) = match request.take_payload()? {
            Payload::Text(text) => (Body::Text(text), None),
            Payload::Media(kind, mut media) => {
                check_target(self.state, self.caller.principal(), self.session, &request.to).await?;
                let wanted = Wanted { state: self.state, caller: self.caller, kind, seed };
                let attached = wanted.attach(&mut media).await?;
                let body = Body::Media {
                    kind,
                    media: attached.media,
                    caption: media.caption,
                    file_name: media.file_name,
                };
                (body, Some(attached))
            }
        };
        let message = request.into_message(self.session, body, send_at, seed);
        self.accept(message, attached).await
    }

    /// Hands the message to the use-case; what was staged for it goes again when it is refused.
    pub(super) async fn accept(
        self,
        message: messages::SendMessage,
        attached: Option<Attached>,
    ) -> Result<Answer, Problem> {
        match messages::send(&self.state.env, self.state.send_ports(), self.caller.principal(), message).await
        {
            Ok(mut sent) => {
                let left = sent.left.take();
                Ok(Answer::json(StatusCode::ACCEPTED, &Accepted::new(self.state, sent))?.with_left(left))
            }
            Err(error) => {
                let problem = Problem::from(error);
                let staged = attached.and_then(|attached| attached.ours);
                // after a failure of ours the message may be in the queue all the same
                if let Some(media) = staged.filter(|_| problem.code().status().is_client_error()) {
                    intake::discard(self.state, &media).await;
                }
                Err(problem)
            }
        }
    }
}
