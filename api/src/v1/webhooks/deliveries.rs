//! `GET /api/v1/webhooks/{id}/deliveries`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::{
    DeliveryId, Invalid, WebhookId, events::EventKind, page, ports::DeliveryQuery, webhooks::DeliveryState,
};

use super::{
    delivery_view::{DeliveryView, example},
    find,
};
use crate::{
    ApiState,
    extract::{Caller, IdPath, Query, session_of},
    problem::Problem,
};

/// Which deliveries, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDeliveries {
    /// `waiting`, `delivered` or `failed`.
    state: Option<String>,
    /// Only of this type of event.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only of this session.
    session: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Page size, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// A page of deliveries, those of the newest events first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryPage {
    /// The deliveries.
    deliveries: Vec<DeliveryView>,
    /// Pass it as `cursor` to get the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// List deliveries
///
/// The log of a webhook: every event it was told of or is to be told of, with what came of each try.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G"), ListDeliveries),
    responses((
        status = 200, description = "A page of deliveries.", body = DeliveryPage,
        example = json!({"deliveries": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_deliveries(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
    Query(query): Query<ListDeliveries>,
) -> Result<Json<DeliveryPage>, Problem> {
    let limit = page::limit(query.limit)?;
    let request = DeliveryQuery {
        state: query.state.as_deref().map(read_state).transpose()?,
        kind: query.kind.as_deref().map(read_kind).transpose()?,
        session: session_of(query.session)?,
        before: query
            .cursor
            .map(|text| text.parse::<DeliveryId>())
            .transpose()
            .map_err(|_| page::no_cursor())?,
        limit: limit + 1,
    };
    find(&state, caller, id).await?;
    let mut found = state.deliveries.list(caller.workspace, id, &request).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(DeliveryPage { deliveries: found.into_iter().map(DeliveryView::from).collect(), next_cursor }))
}

pub(super) fn read_state(name: &str) -> Result<DeliveryState, Invalid> {
    DeliveryState::from_name(name)
        .ok_or_else(|| Invalid::new("state", "is no state of a delivery", "use waiting, delivered or failed"))
}

pub(super) fn read_kind(name: &str) -> Result<EventKind, Invalid> {
    EventKind::from_name(name)
        .ok_or_else(|| Invalid::new("type", "is no type of event", "use one of docs/reference/events.md"))
}
