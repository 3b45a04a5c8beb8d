//! `GET /api/v1/webhooks/{id}/deliveries/{delivery}`

use axum::{Json, extract::State};

use super::delivery_view::{DeliveryView, example};
use crate::{
    ApiState,
    extract::{Caller, DeliveryPath},
    problem::{Code, Problem},
};

/// Show a delivery
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries/{delivery}", tag = "webhooks",
    params(
        ("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("delivery" = String, Path, description = "The delivery's id.", example = "dlv_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
    ),
    responses((status = 200, description = "The delivery.", body = DeliveryView, example = json!(example()))),
)]
pub(crate) async fn get_delivery(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    DeliveryPath { webhook, delivery }: DeliveryPath,
) -> Result<Json<DeliveryView>, Problem> {
    let found = state.deliveries.get(caller.workspace, delivery).await?;
    let found = found.filter(|delivery| delivery.webhook == webhook);
    found.map(|delivery| Json(delivery.into())).ok_or_else(|| Problem::plain(Code::DeliveryNotFound))
}
