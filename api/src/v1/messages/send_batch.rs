//! `POST /api/v1/sessions/{id}/messages/batch`

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;
use wagate_domain::{
    Invalid, SessionId,
    messages::{self, Body, MAX_BATCH, SentBatch, SentMessage},
};

use super::{
    accepted::{self, Accepted},
    media::Wanted,
    request::{Payload, SendMessage, when},
    send::Sender,
};
use crate::{
    ApiState,
    extract::{Answer, Fingerprint, Grants, IdPath, JsonBody, Once, invalid_from},
    problem::{Problem, ProblemBody},
};

/// Messages to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    /// 1 to 1,000 messages. Files only as staged objects, by `id`.
    #[schema(value_type = Vec<SendMessage>, min_items = 1, max_items = 1000)]
    messages: Vec<serde_json::Value>,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResult {
    /// How many are in the queue.
    accepted: usize,
    /// How many were refused.
    rejected: usize,
    /// One for each message, in the order of the request.
    results: Vec<BatchItem>,
}

/// What became of one message of a batch: one of `message` and `error`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchItem {
    /// In the queue; will not be lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Accepted>,
    /// Refused; nothing was queued for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ProblemBody>,
}

/// Send many messages
///
/// Each message is taken or refused by itself, in order, and gets its own id. Use `"priority": "bulk"` for campaigns: single
/// sends then overtake them. With an Idempotency-Key the whole batch can be repeated safely. A batch that is more than the workspace
/// may send at this moment is refused whole.
#[utoipa::path(
    post, path = "/sessions/{id}/messages/batch", tag = "messages",
    params(
        ("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day."),
    ),
    request_body(content = Batch, example = json!({"messages": [
        {"to": "+6281234567890", "type": "text", "text": {"body": "Hello Ana!"}, "priority": "bulk", "campaign": "xmas-2026"},
        {"to": "+6281234567891", "type": "text", "text": {"body": "Hello Budi!"}, "priority": "bulk", "campaign": "xmas-2026"},
    ]})),
    responses(
        (
            status = 202, description = "What became of each message.", body = BatchResult,
            example = json!({"accepted": 1, "rejected": 0, "results": [{"message": accepted::example()}]}),
        ),
        (status = 429, description = "`rate_limited`, `quota_exceeded`"),
    ),
)]
pub(crate) async fn send_batch(
    State(state): State<ApiState>,
    caller: Grants,
    IdPath(session): IdPath<SessionId>,
    once: Once,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let JsonBody { value, digest } =
        JsonBody::<Batch>::read(&parts.headers, body, state.limits.base64_body).await?;
    if value.messages.is_empty() || value.messages.len() > MAX_BATCH {
        let problem = format!("has {} messages", value.messages.len());
        let remedy = format!("send 1 to {MAX_BATCH} messages in one batch");
        return Err(Invalid::new("messages", problem, remedy).into());
    }
    let sender = Sender { state: &state, caller: &caller, session };
    once.run(&state, Fingerprint::of([digest.as_str()]), |seed| sender.send_batch(value.messages, seed)).await
}

impl Sender<'_> {
    async fn send_batch(
        self,
        messages: Vec<serde_json::Value>,
        seed: Option<Ulid>,
    ) -> Result<Answer, Problem> {
        let mut read = Vec::with_capacity(messages.len());
        for (index, message) in messages.into_iter().enumerate() {
            read.push(self.read(message, seed.map(|seed| nth(seed, index))).await);
        }
        let (wanted, mut refused): (Vec<_>, Vec<_>) = split(read);
        let (ports, caller) = (self.state.send_ports(), self.caller.principal());
        let sent = messages::send_batch(&self.state.env, ports, caller, self.session, wanted);
        let SentBatch { messages, left } = sent.await?;
        let mut sent = messages.into_iter();
        let results = refused.iter_mut().map(|refused| match refused.take() {
            Some(problem) => BatchItem { message: None, error: Some(problem.body(None)) },
            None => {
                sent.next().map_or_else(|| BatchItem { message: None, error: None }, |sent| self.item(sent))
            }
        });
        let results: Vec<BatchItem> = results.collect();
        let accepted = results.iter().filter(|item| item.message.is_some()).count();
        let result = BatchResult { accepted, rejected: results.len() - accepted, results };
        Ok(Answer::json(StatusCode::ACCEPTED, &result)?.with_left(left))
    }

    fn item(self, sent: Result<SentMessage, messages::SendError>) -> BatchItem {
        match sent {
            Ok(sent) => BatchItem { message: Some(Accepted::new(self.state, sent)), error: None },
            Err(error) => BatchItem { message: None, error: Some(Problem::from(error).body(None)) },
        }
    }

    async fn read(
        self,
        message: serde_json::Value,
        seed: Option<Ulid>,
    ) -> Result<messages::SendMessage, Problem> {
        let mut request: SendMessage = serde_path_to_error::deserialize(message)
            .map_err(|error| invalid_from(error.path(), error.inner()))?;
        let send_at = when(request.send_at.take(), request.time_zone.take())?;
        let body = match request.take_payload()? {
            Payload::Text(text) => Body::Text(text),
            Payload::Media(kind, mut media) => {
                let wanted = Wanted { state: self.state, caller: self.caller, kind, seed };
                let staged = wanted.staged(&mut media).await?;
                Body::Media { kind, media: staged, caption: media.caption, file_name: media.file_name }
            }
        };
        Ok(request.into_message(self.session, body, send_at, seed))
    }
}

/// The right requests, and for every request in order its refusal, if it was refused.
fn split(
    read: Vec<Result<messages::SendMessage, Problem>>,
) -> (Vec<messages::SendMessage>, Vec<Option<Problem>>) {
    let mut wanted = Vec::with_capacity(read.len());
    let mut refused = Vec::with_capacity(read.len());
    for request in read {
        match request {
            Ok(request) => {
                wanted.push(request);
                refused.push(None);
            }
            Err(problem) => refused.push(Some(problem)),
        }
    }
    (wanted, refused)
}

/// The seed of a batch's message: the same at every repetition, another for each message.
fn nth(seed: Ulid, index: usize) -> Ulid {
    Ulid(seed.0.wrapping_add(index as u128))
}
