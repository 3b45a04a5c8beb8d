//! `GET /api/v1/webhooks/{id}`

use axum::{Json, extract::State};
use wagate_domain::WebhookId;

use super::{
    find,
    view::{WebhookView, example},
};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// Show a webhook
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "The webhook.", body = WebhookView, example = json!(example()))),
)]
pub(crate) async fn get_webhook(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
) -> Result<Json<WebhookView>, Problem> {
    Ok(Json(find(&state, caller, id).await?.into()))
}
