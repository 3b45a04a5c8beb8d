//! `PATCH /api/v1/webhooks/{id}`

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{
    WebhookId,
    webhooks::{self, UpdateWebhook},
};

use super::{
    create::filters,
    find,
    view::{WebhookView, example},
};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Caller, IdPath, JsonBody, given},
    problem::Problem,
};

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookChange {
    /// Where events are posted to.
    #[schema(example = "https://example.com/wagate")]
    url: Option<String>,
    /// What people call it; `null` takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Which types, whole; `[]`: all.
    events: Option<Vec<String>>,
    /// Headers sent along, whole.
    headers: Option<BTreeMap<String, String>>,
    /// Who gets a mail when it is switched off; `null`: nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    notify_email: Option<Option<String>>,
    /// Whether it is told anything. Switched on again it goes on where it stopped.
    enabled: Option<bool>,
}

/// Change a webhook
///
/// What is being posted at this moment still goes to the old address.
#[utoipa::path(
    patch, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = WebhookChange, example = json!({"events": ["message.*", "session.*"]})),
    responses((status = 200, description = "As it is now.", body = WebhookView, example = json!(example()))),
)]
pub(crate) async fn change_webhook(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
    JsonBody { value, .. }: JsonBody<WebhookChange>,
) -> Result<(Changed, Json<WebhookView>), Problem> {
    let change = UpdateWebhook {
        url: value.url,
        description: value.description,
        events: value.events.map(|events| filters("events", &events)).transpose()?,
        headers: value.headers.map(|headers| headers.into_iter().collect()),
        notify_email: value.notify_email,
        enabled: value.enabled,
    };
    let before = find(&state, caller, id).await?;
    let webhook = webhooks::update(&state.env, state.webhook_ports(), caller, id, change).await?;
    let (before, after) = (WebhookView::from(before), WebhookView::from(webhook));
    Ok((Changed::rewritten(&id.to_string(), &before, &after), Json(after)))
}
