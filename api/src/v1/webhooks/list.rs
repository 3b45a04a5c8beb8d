//! `GET /api/v1/webhooks`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{WebhookView, example};
use crate::{ApiState, extract::Caller, problem::Problem};

/// The webhooks of a workspace, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookList {
    /// The webhooks.
    webhooks: Vec<WebhookView>,
    /// Always `null`: the list comes whole.
    next_cursor: Option<String>,
}

/// List webhooks
///
/// Oldest first.
#[utoipa::path(
    get, path = "/webhooks", tag = "webhooks",
    responses((
        status = 200, description = "The webhooks.", body = WebhookList,
        example = json!({"webhooks": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_webhooks(
    State(state): State<ApiState>,
    Caller(caller): Caller,
) -> Result<Json<WebhookList>, Problem> {
    let webhooks = state.webhooks.list(caller.workspace).await?;
    Ok(Json(WebhookList {
        webhooks: webhooks.into_iter().map(WebhookView::from).collect(),
        next_cursor: None,
    }))
}
