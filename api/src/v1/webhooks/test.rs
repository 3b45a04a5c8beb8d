//! `POST /api/v1/webhooks/{id}/test`

use std::time::{Duration, Instant};

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{
    WebhookId,
    events::{EventKind, sample},
    webhooks::Attempt,
};
use wagate_views::events::letter;

use super::{deliveries::read_kind, delivery_view::AttemptView, find};
use crate::{
    ApiState,
    extract::{Caller, IdPath, JsonBody},
    problem::Problem,
};

/// How long the endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which sample to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestWebhook {
    /// The type of event.
    #[serde(rename = "type", default = "received")]
    #[schema(example = "message.received", default = "message.received")]
    kind: String,
}

fn received() -> String {
    EventKind::MessageReceived.name().to_owned()
}

/// Send a sample to a webhook
///
/// Posts a made-up event of any type, signed like a real one, once, and answers with what came of it. Works for
/// disabled webhooks too; the sample is in no log.
#[utoipa::path(
    post, path = "/webhooks/{id}/test", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = TestWebhook, example = json!({"type": "message.received"})),
    responses((
        status = 200, description = "What came of it.", body = AttemptView,
        example = json!({"at": "2026-01-01T00:00:00.000Z", "ms": 83, "status": 200, "error": null, "response": "ok"}),
    )),
)]
pub(crate) async fn test_webhook(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
    JsonBody { value, .. }: JsonBody<TestWebhook>,
) -> Result<Json<AttemptView>, Problem> {
    let kind = read_kind(&value.kind)?;
    let webhook = find(&state, caller, id).await?;
    let now = state.env.now();
    let told = sample(kind, state.env.new_id(), caller.workspace, webhook.session, now);
    let began = Instant::now();
    let answer = state.post.post(&letter(&webhook, told, now, PATIENCE)).await;
    Ok(Json(Attempt::of(now, began.elapsed(), &answer).into()))
}
