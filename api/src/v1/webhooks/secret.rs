//! `GET /api/v1/webhooks/{id}/secret`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{WebhookId, webhooks::Webhook};

use super::find;
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// What a webhook's events are signed with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookSecrets {
    /// The secret to verify with.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: String,
    /// The one before it, while it signs too.
    old: Option<OldSecret>,
}

/// A secret that runs out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldSecret {
    /// The secret.
    secret: String,
    /// It signs until this moment (RFC 3339, UTC).
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

impl WebhookSecrets {
    pub(super) fn of(webhook: &Webhook, state: &ApiState) -> Self {
        let mut live = webhook.secrets.iter().filter(|secret| secret.is_live(state.env.now()));
        Self {
            secret: live.next().map(|secret| secret.expose().to_owned()).unwrap_or_default(),
            old: live.next().map(|secret| OldSecret {
                secret: secret.expose().to_owned(),
                expires_at: secret.expires_at.map(|at| at.to_string()),
            }),
        }
    }
}

/// Show a webhook's secret
#[utoipa::path(
    get, path = "/webhooks/{id}/secret", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((
        status = 200, description = "The secret.", body = WebhookSecrets,
        example = json!({"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "old": null}),
    )),
)]
pub(crate) async fn get_webhook_secret(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
) -> Result<Json<WebhookSecrets>, Problem> {
    let webhook = find(&state, caller, id).await?;
    Ok(Json(WebhookSecrets::of(&webhook, &state)))
}
