//! The answer to a send.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::{messages::SentMessage, sessions::Session};

use crate::ApiState;
use wagate_views::MessageStatus;

/// A message in the queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AcceptedMessage)]
pub(crate) struct Accepted {
    /// Identifier.
    #[schema(example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// How far it has come.
    status: MessageStatus,
    /// The session it waits for.
    session: AcceptedSession,
    /// The recipient's address, canonical.
    #[schema(example = "6281234567890@s.whatsapp.net")]
    to: String,
    /// What it carries.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    kind: &'static str,
    /// WhatsApp's id of the message, the same on every retry.
    #[schema(example = "3EB0C431C26A1916E07A17")]
    stanza_id: String,
    /// When it was accepted (RFC 3339, UTC).
    #[schema(format = DateTime)]
    accepted_at: String,
    /// The moment it waits for (RFC 3339, UTC); left out when it leaves at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    send_at: Option<String>,
    /// After this moment it is not sent any more (RFC 3339, UTC).
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Messages of the session that leave before it as things stand; left out when the request was a repetition.
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead: Option<u64>,
    /// When it is expected to leave, as far as `send_at`, the session's pace and what is ahead decide (RFC 3339, UTC); left
    /// out when the request was a repetition and when nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    expected_at: Option<String>,
    /// What the message waits for, when the session is not connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Where to look next.
    links: AcceptedLinks,
}

/// The session a message waits for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AcceptedSession {
    /// Identifier.
    #[schema(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Where it stood when the message was accepted; see `GET /sessions/{id}` for the states.
    #[schema(example = "connected")]
    state: &'static str,
}

/// Where to look next.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AcceptedLinks {
    /// The message, with how far it has come.
    #[serde(rename = "self")]
    #[schema(example = "http://127.0.0.1:8080/api/v1/messages/msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    this: String,
    /// The session.
    session: String,
}

impl Accepted {
    /// An accepted message, with a note when its session cannot send now.
    pub(super) fn new(state: &ApiState, sent: SentMessage) -> Self {
        // what is left of a limit stands in the headers
        let SentMessage { message, session, ahead, expected_at, left: _ } = sent;
        let expires_at = message.expires_at.map(|at| at.to_string());
        Self {
            id: message.id.to_string(),
            status: message.status.into(),
            note: note(&session, expires_at.as_deref()),
            to: message.chat.to_string(),
            kind: message.content.type_name(),
            stanza_id: message.stanza_id,
            accepted_at: message.at.to_string(),
            send_at: message.send_at.map(|at| at.to_string()),
            expires_at,
            ahead,
            expected_at: expected_at.map(|at| at.to_string()),
            links: AcceptedLinks {
                this: state.public_url.join(&format!("/api/v1/messages/{}", message.id)),
                session: state.public_url.join(&format!("/api/v1/sessions/{}", session.id)),
            },
            session: AcceptedSession { id: session.id.to_string(), state: session.state.name() },
        }
    }
}

/// What a message waits for, when its session is not connected.
fn note(session: &Session, expires_at: Option<&str>) -> Option<String> {
    if session.state.can_send() {
        return None;
    }
    let waits_for = match (session.is_linked(), session.wanted) {
        (false, _) => "the session is linked to a phone (GET /api/v1/sessions/{id}/qr) and connected",
        (true, false) => "the session is started (POST /api/v1/sessions/{id}/start) and connected",
        (true, true) => "the session is connected again",
    };
    let waits_for = waits_for.replace("{id}", &session.id.to_string());
    let until =
        expires_at.map_or_else(String::new, |at| format!("; if that has not happened by {at}, it expires"));
    Some(format!("Queued: the session is {}. The message leaves once {waits_for}{until}.", session.state))
}

/// The example of an accepted message in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "id": "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "status": "accepted",
        "session": { "id": "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G", "state": "connected" },
        "to": "6281234567890@s.whatsapp.net",
        "type": "text",
        "stanza_id": "3EB0C431C26A1916E07A17",
        "accepted_at": "2026-01-01T00:00:00.000Z",
        "expires_at": "2026-01-02T00:00:00.000Z",
        "ahead": 0,
        "expected_at": "2026-01-01T00:00:00.000Z",
        "links": {
            "self": "http://127.0.0.1:8080/api/v1/messages/msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
            "session": "http://127.0.0.1:8080/api/v1/sessions/ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G"
        }
    })
}
