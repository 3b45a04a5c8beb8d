//! `DELETE /api/v1/webhooks/{id}/deliveries`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::{Invalid, WebhookId, webhooks::DeliveryState};

use super::{deliveries::read_state, find};
use crate::{
    ApiState,
    extract::{Caller, IdPath, Query},
    problem::Problem,
};

/// Most that one request forgets.
const AT_MOST: u32 = 10_000;

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ClearDeliveries {
    /// Only these: `delivered` or `failed`.
    state: Option<String>,
}

/// What was forgotten.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cleared {
    /// How many deliveries.
    cleared: u64,
    /// There are more: send the request again.
    more: bool,
}

/// Clear the log of deliveries
///
/// Forgets up to 10,000 deliveries that have ended, the oldest first. Those that wait stay.
#[utoipa::path(
    delete, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G"), ClearDeliveries),
    responses((
        status = 200, description = "They are forgotten.", body = Cleared, example = json!({"cleared": 1840, "more": false}),
    )),
)]
pub(crate) async fn clear_deliveries(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
    Query(query): Query<ClearDeliveries>,
) -> Result<Json<Cleared>, Problem> {
    let which = query.state.as_deref().map(read_state).transpose()?;
    if which == Some(DeliveryState::Waiting) {
        return Err(Invalid::new("state", "have not ended", "use delivered or failed").into());
    }
    find(&state, caller, id).await?;
    let cleared = state.deliveries.clear(caller.workspace, id, which, AT_MOST).await?;
    Ok(Json(Cleared { cleared, more: cleared >= u64::from(AT_MOST) }))
}
