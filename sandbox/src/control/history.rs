//! A past for a phone.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::draft::NewMessage;
use super::number::{digits, recipient};
use super::problem::Problem;
use crate::phones::{Change, Past, PastMessage, Status};

/// A message of the past.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPastMessage {
    /// What was said, as for sending; `to` names the chat, whoever wrote.
    message: NewMessage,
    /// Stanza id; invented unless given.
    id: Option<String>,
    /// Author's number; the phone's user unless given.
    from: Option<String>,
    /// RFC 3339.
    time: String,
    /// How far it came, `read` unless given; an incoming message that was only `delivered` is unread.
    status: Option<Status>,
}

/// A past: messages, and what the user did with the chats.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPast {
    messages: Vec<NewPastMessage>,
    /// Such as archived, pinned or muted chats, and names of contacts.
    #[serde(default)]
    changes: Vec<Change>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PastResult {
    /// Messages that were not there before.
    messages: usize,
}

/// Gives the phone a past: a companion linked afterwards gets it as history. Nobody is sent anything.
#[utoipa::path(post, path = "/v1/phones/{number}/history", tag = "history", params(("number" = String, Path)),
    request_body = NewPast, responses((status = 201, body = PastResult), (status = "4XX", body = Problem)))]
pub(super) async fn create(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(past): Body<NewPast>,
) -> Result<(StatusCode, Json<PastResult>), Problem> {
    let number = digits("number", &number)?;
    let mut given = Past::default();
    for message in past.messages {
        given.messages.push(message.past().await?);
    }
    for mut change in past.changes {
        if let Some(subject) = change.subject_mut() {
            *subject = recipient("chat", subject)?;
        }
        given.changes.push(change);
    }
    let messages = control.phones.give_past(&number, given).await?;
    Ok((StatusCode::CREATED, Json(PastResult { messages })))
}

impl NewPastMessage {
    async fn past(self) -> Result<PastMessage, Problem> {
        let time: jiff::Timestamp = self.time.parse().map_err(|error: jiff::Error| {
            Problem::field("time", error.to_string(), "Give a time such as 2024-05-01T12:00:00Z.")
        })?;
        Ok(PastMessage {
            said: self.message.outgoing().await?,
            id: self.id,
            from: self.from.map(|from| digits("from", &from)).transpose()?,
            time: time.as_second(),
            status: self.status.unwrap_or(Status::Read),
        })
    }
}
