//! `GET /api/v1/messages`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::{Invalid, SessionId, messages};

use super::view::{MessageView, example};
use crate::{
    ApiState,
    extract::{Caller, Query},
    problem::Problem,
};

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMessages {
    /// Only this session's.
    #[param(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    session: Option<String>,
    /// Only this chat's: a contact id, a number or a JID.
    #[param(example = "6281234567890")]
    chat: Option<String>,
    /// Only those that stand there: `scheduled`, `failed` …
    #[param(example = "scheduled")]
    status: Option<String>,
    /// Only those of this campaign.
    #[param(example = "xmas-2026")]
    campaign: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Page size, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// A page of messages, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagePage {
    /// The messages.
    messages: Vec<MessageView>,
    /// Pass it as `cursor` to get the next (older) page; `null` at the end.
    next_cursor: Option<String>,
}

/// List messages
///
/// Newest first. A message appears here a moment after it was accepted or came in.
#[utoipa::path(
    get, path = "/messages", tag = "messages",
    params(ListMessages),
    responses((
        status = 200, description = "A page of messages.", body = MessagePage,
        example = json!({"messages": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_messages(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    Query(query): Query<ListMessages>,
) -> Result<Json<MessagePage>, Problem> {
    let session = query
        .session
        .map(|id| id.parse::<SessionId>())
        .transpose()
        .map_err(|_| Invalid::new("session", "is not a session id", "use the id (ses_…) of a session"))?;
    let request = messages::ListMessages {
        session,
        chat: query.chat,
        status: query.status,
        campaign: query.campaign,
        cursor: query.cursor,
        limit: query.limit,
    };
    let page = messages::list(&*state.messages, &*state.contacts, caller, request).await?;
    let shown = page.messages.into_iter().map(MessageView::from).collect();
    Ok(Json(MessagePage { messages: shown, next_cursor: page.next_cursor }))
}
