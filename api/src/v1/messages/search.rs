//! `GET /api/v1/messages/search`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use wagate_domain::{Invalid, messages};

use super::{
    list::{MessagePage, page_view},
    view::example,
};
use crate::{
    ApiState,
    extract::{Caller, Query, moment, session_of},
    problem::Problem,
};

/// The types a message can be found by.
const TYPES: [&str; 7] = ["text", "image", "video", "audio", "voice", "document", "sticker"];

/// What is searched for, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchMessages {
    /// Words that all have to be there; a phrase in double quotes stands together. Case and accents do not count.
    #[param(example = "invoice \"due friday\"")]
    q: String,
    /// Only this session's.
    #[param(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    session: Option<String>,
    /// Only this chat's: a contact id, a number or a JID.
    #[param(example = "6281234567890")]
    chat: Option<String>,
    /// Only those of this moment and later (RFC 3339).
    #[param(example = "2026-01-01T00:00:00Z")]
    from: Option<String>,
    /// Only those before this moment (RFC 3339).
    #[param(example = "2026-02-01T00:00:00Z")]
    to: Option<String>,
    /// Only those of this type: `text`, `image`, `video`, `audio`, `voice`, `document` or `sticker`.
    #[serde(rename = "type")]
    #[param(rename = "type", example = "text")]
    kind: Option<String>,
    /// A cursor of another page.
    cursor: Option<String>,
    /// Page size, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// Search messages
///
/// In texts, captions and names of files, newest first. Nothing in `q` but double quotes has a meaning of its own.
#[utoipa::path(
    get, path = "/messages/search", tag = "messages",
    params(SearchMessages),
    responses((
        status = 200, description = "A page of what was found.", body = MessagePage,
        example = json!({"messages": [example()], "next_cursor": null, "prev_cursor": null}),
    )),
)]
pub(crate) async fn search_messages(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    Query(query): Query<SearchMessages>,
) -> Result<Json<MessagePage>, Problem> {
    let request = messages::ListMessages {
        session: session_of(query.session)?,
        chat: query.chat,
        kind: query.kind.map(known_type).transpose()?,
        text: Some(query.q),
        from: moment("from", query.from.as_deref())?,
        to: moment("to", query.to.as_deref())?,
        cursor: query.cursor,
        limit: query.limit,
        ..messages::ListMessages::default()
    };
    let page = messages::list(&*state.messages, &*state.contacts, caller, request).await?;
    Ok(Json(page_view(page)))
}

fn known_type(name: String) -> Result<String, Invalid> {
    if TYPES.contains(&name.as_str()) {
        return Ok(name);
    }
    Err(Invalid::new("type", "is not a type with words", format!("use one of {}", TYPES.join(", "))))
}
