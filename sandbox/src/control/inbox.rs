//! What all phones were shown, for tests that judge "once, and in order".

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Control;
use super::problem::Problem;
use crate::phones::{InboxEntry, InboxFilter, InboxTotals};

/// Where to go on, and what to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct InboxQuery {
    /// `next_after` of the page before; 0 for the first.
    #[serde(default)]
    after: i64,
    /// Messages per page, 1 to 10,000; 1,000 unless given.
    #[serde(default = "thousand")]
    limit: u32,
    /// `all`, or `flawed` for those that came more than once or could not be decrypted at first.
    #[serde(default)]
    only: InboxFilter,
}

fn thousand() -> u32 {
    1000
}

/// One page of the messages of all phones, in the order in which they were shown.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InboxPage {
    items: Vec<InboxEntry>,
    /// Pass it as `after`; `null` on the last page.
    next_after: Option<String>,
}

/// Incoming messages of all phones, once per message.
#[utoipa::path(get, path = "/v1/inbox", tag = "inbox", params(InboxQuery),
    responses((status = 200, body = InboxPage), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(control): State<Control>,
    query: Result<Query<InboxQuery>, QueryRejection>,
) -> Result<Json<InboxPage>, Problem> {
    let Query(query) = query.map_err(|rejection| {
        Problem::field("query", rejection.body_text(), "Only after, limit and only are known here.")
    })?;
    if !(1..=10_000).contains(&query.limit) {
        return Err(Problem::field("limit", "limit is out of range.", "Give 1 to 10000."));
    }
    let page = control.phones.inbox_of_all(query.after, query.limit, query.only).await?;
    Ok(Json(InboxPage { items: page.items, next_after: page.next }))
}

/// Sums over all messages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Totals {
    #[serde(flatten)]
    shown: InboxTotals,
    /// Messages that reached the network again under an id it had passed on already, and were passed on to nobody;
    /// since its start.
    repeated: u64,
}

/// Sums over the incoming messages of all phones.
#[utoipa::path(get, path = "/v1/inbox/totals", tag = "inbox", responses((status = 200, body = Totals)))]
pub(super) async fn totals(State(control): State<Control>) -> Result<Json<Totals>, Problem> {
    let shown = control.phones.inbox_totals().await?;
    Ok(Json(Totals { shown, repeated: control.core.state.journal().repeated() }))
}
