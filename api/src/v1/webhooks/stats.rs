//! `GET /api/v1/webhooks/{id}/stats`

use std::time::Duration;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{Timestamp, WebhookId};

use super::find;
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// What is looked at.
const SPAN: Duration = Duration::from_hours(24);

/// How a webhook did in the last 24 hours.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookStats {
    /// Events delivered.
    delivered: u64,
    /// Events given up.
    failed: u64,
    /// Events that wait for another try, however old.
    waiting: u64,
    /// Share of those ended that were delivered, 0 to 1; `null` when none has ended.
    success_rate: Option<f64>,
    /// Mean time its answers took, in milliseconds.
    mean_ms: Option<u64>,
    /// Since when nothing has got through (RFC 3339, UTC).
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// Events of this workspace and others since the last one that is taken care of: how far it is behind at most.
    behind: u64,
}

/// Show how a webhook does
#[utoipa::path(
    get, path = "/webhooks/{id}/stats", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((
        status = 200, description = "The last 24 hours.", body = WebhookStats,
        example = json!({"delivered": 1840, "failed": 2, "waiting": 0, "success_rate": 0.999, "mean_ms": 61, "failing_since": null, "behind": 0}),
    )),
)]
pub(crate) async fn get_webhook_stats(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
) -> Result<Json<WebhookStats>, Problem> {
    let webhook = find(&state, caller, id).await?;
    let span = i64::try_from(SPAN.as_millis()).unwrap_or(i64::MAX);
    let since = Timestamp::from_millis(state.env.now().as_millis() - span);
    let stats = state.deliveries.stats(caller.workspace, id, since).await?;
    let ended = stats.delivered + stats.failed;
    #[expect(clippy::cast_precision_loss, reason = "a share needs few digits")]
    let success_rate = (ended > 0).then(|| stats.delivered as f64 / ended as f64);
    Ok(Json(WebhookStats {
        delivered: stats.delivered,
        failed: stats.failed,
        waiting: stats.waiting,
        success_rate,
        mean_ms: stats.mean_ms,
        failing_since: webhook.failing_since.map(|at| at.to_string()),
        behind: state.told.newest().await?.saturating_sub(webhook.cursor),
    }))
}
