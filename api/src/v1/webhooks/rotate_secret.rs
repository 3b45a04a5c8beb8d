//! `POST /api/v1/webhooks/{id}/rotate-secret`

use std::time::Duration;

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{
    WebhookId,
    webhooks::{self, Rotation},
};

use super::{secret::WebhookSecrets, view::WebhookView};
use crate::{
    ApiState,
    extract::{Answer, Caller, Fingerprint, IdPath, JsonBody, Once},
    problem::Problem,
};

/// A change of secrets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateSecret {
    /// The new secret; made when left out.
    secret: Option<String>,
    /// How long the old one signs too, 0 to 604800 seconds; a day when left out.
    #[schema(example = 86400)]
    overlap_seconds: Option<u64>,
}

/// Rotate a webhook's secret
///
/// Events carry two signatures for a while, so that the receiver can change over when it likes.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate-secret", tag = "webhooks",
    params(
        ("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day."),
    ),
    request_body(content = RotateSecret, example = json!({"overlap_seconds": 86400})),
    responses((
        status = 200, description = "The new secret. A repetition under the same key shows the webhook instead.", body = WebhookSecrets,
        example = json!({
            "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "old": {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "expires_at": "2026-01-02T00:00:00.000Z"}
        }),
    )),
)]
pub(crate) async fn rotate_webhook_secret(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
    once: Once,
    JsonBody { value, digest }: JsonBody<RotateSecret>,
) -> Result<Response, Problem> {
    let state = &state;
    once.run(state, Fingerprint::of([digest.as_str()]), |_| async move {
        let rotation =
            Rotation { secret: value.secret, overlap: value.overlap_seconds.map(Duration::from_secs) };
        let webhook = webhooks::rotate(&state.env, state.webhook_ports(), caller, id, rotation).await?;
        let secrets = WebhookSecrets::of(&webhook, state);
        // secrets are not kept, not even for a day
        Answer::json(StatusCode::OK, &secrets)?.keeping(&WebhookView::from(webhook))
    })
    .await
}
