//! `POST /api/v1/webhooks/{id}/deliveries/{delivery}/retry`

use axum::{Json, extract::State};
use http::StatusCode;
use wagate_domain::webhooks;

use super::delivery_view::{DeliveryView, example};
use crate::{
    ApiState,
    extract::{Caller, DeliveryPath},
    problem::{Code, Problem},
};

/// Retry a delivery
///
/// One that has ended, delivered or failed, is tried again from now on.
#[utoipa::path(
    post, path = "/webhooks/{id}/deliveries/{delivery}/retry", tag = "webhooks",
    params(
        ("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("delivery" = String, Path, description = "The delivery's id.", example = "dlv_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
    ),
    responses(
        (status = 202, description = "It waits.", body = DeliveryView, example = json!(example())),
        (status = 409, description = "`delivery_waiting`"),
    ),
)]
pub(crate) async fn retry_delivery(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    DeliveryPath { webhook, delivery }: DeliveryPath,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let known = state.deliveries.get(caller.workspace, delivery).await?;
    if known.is_none_or(|known| known.webhook != webhook) {
        return Err(Problem::plain(Code::DeliveryNotFound));
    }
    let retried = webhooks::retry(&state.env, state.replay_ports(), caller, webhook, delivery).await?;
    let retried = retried.ok_or_else(|| Problem::plain(Code::DeliveryWaiting))?;
    Ok((StatusCode::ACCEPTED, Json(retried.into())))
}
