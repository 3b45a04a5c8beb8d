//! `GET /api/v1/messages`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::messages;

use super::view::{MessageView, example};
use crate::{
    ApiState,
    extract::{Caller, Query, session_of},
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
    /// `desc` (newest first, when left out) or `asc` (oldest first).
    #[param(inline)]
    order: Option<Order>,
    /// `next_cursor` or `prev_cursor` of another page in the same order.
    cursor: Option<String>,
    /// Page size, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// Which messages come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Oldest first.
    Asc,
    /// Newest first.
    Desc,
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagePage {
    /// The messages.
    messages: Vec<MessageView>,
    /// Pass it as `cursor` to get the next page; `null` at the end.
    next_cursor: Option<String>,
    /// Pass it as `cursor` to get the page before; from the first page, newest first, it leads to what has come in since.
    prev_cursor: Option<String>,
}

/// A page as it is shown.
pub(super) fn page_view(page: messages::MessagePage) -> MessagePage {
    let messages::MessagePage { messages, next_cursor, prev_cursor } = page;
    MessagePage { messages: messages.into_iter().map(MessageView::from).collect(), next_cursor, prev_cursor }
}

/// List messages
///
/// Newest first unless asked otherwise. A message appears here a moment after it was accepted or came in. The cursors lead both
/// ways, whatever comes in between two pages.
#[utoipa::path(
    get, path = "/messages", tag = "messages",
    params(ListMessages),
    responses((
        status = 200, description = "A page of messages.", body = MessagePage,
        example = json!({
            "messages": [example()],
            "next_cursor": null,
            "prev_cursor": "1767225600000.01JZZZ6E5R4Q3P2N1M0K9J8H7G.back"
        }),
    )),
)]
pub(crate) async fn list_messages(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    Query(query): Query<ListMessages>,
) -> Result<Json<MessagePage>, Problem> {
    let request = messages::ListMessages {
        session: session_of(query.session)?,
        chat: query.chat,
        status: query.status,
        campaign: query.campaign,
        oldest_first: query.order == Some(Order::Asc),
        cursor: query.cursor,
        limit: query.limit,
        ..messages::ListMessages::default()
    };
    let page = messages::list(&*state.messages, &*state.contacts, caller, request).await?;
    Ok(Json(page_view(page)))
}
