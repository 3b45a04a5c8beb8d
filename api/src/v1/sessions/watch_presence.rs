//! `POST /api/v1/sessions/{id}/presence/subscribe`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{Address, Invalid, SessionId, sessions::Command};

use super::presence::tell;
use crate::{
    ApiState,
    extract::{Caller, IdPath, JsonBody},
    problem::Problem,
};

/// Whose presence is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchPresence {
    /// A person's number or JID.
    #[schema(example = "6281234567890@s.whatsapp.net")]
    chat: String,
}

/// Be told of a chat partner's presence
///
/// From then on events tell when the person comes online and goes, as far as the person lets others see it and the
/// session is online itself. Asked for once, it is said again on every new connection, until the session is stopped;
/// a session watches at most a thousand people.
#[utoipa::path(
    post, path = "/sessions/{id}/presence/subscribe", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = WatchPresence, example = json!({"chat": "6281234567890@s.whatsapp.net"})),
    responses(
        (status = 204, description = "WhatsApp was asked."),
        (status = 409, description = "`session_not_linked`, `session_refused`"),
        (status = 503, description = "`session_unreachable`"),
    ),
)]
pub(crate) async fn watch_presence(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
    JsonBody { value, .. }: JsonBody<WatchPresence>,
) -> Result<StatusCode, Problem> {
    let chat = person(&value.chat)?.to_string();
    tell(&state, caller, id, Command::WatchPresence { chat }).await
}

fn person(text: &str) -> Result<Address, Invalid> {
    let chat: Address = text.parse().map_err(|why: wagate_domain::address::BadAddress| {
        Invalid::new("chat", why.to_string(), why.remedy())
    })?;
    if chat.is_person() {
        return Ok(chat);
    }
    Err(Invalid::new("chat", "is not a person", "only people come online; send a number or a person's JID"))
}

#[cfg(test)]
mod tests {
    use super::person;

    #[test]
    fn only_people_come_online() {
        for (text, expected) in [
            ("+62 812-3456-7890", Ok("6281234567890@s.whatsapp.net")),
            ("100000012345678@lid", Ok("100000012345678@lid")),
            ("120363000000000001@g.us", Err("chat")),
            ("somebody", Err("chat")),
        ] {
            let read = person(text);
            let read = read.as_ref().map(ToString::to_string).map_err(|invalid| invalid.field.as_str());
            assert_eq!(read.as_deref().map_err(|field| *field), expected, "{text}");
        }
    }
}
