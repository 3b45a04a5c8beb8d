//! `POST /api/v1/webhooks`

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::{
    Invalid, SessionId,
    events::EventFilter,
    webhooks::{self, SigningSecret},
};

use super::view::{WebhookView, example};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Answer, Caller, Fingerprint, JsonBody, Once},
    problem::{Code, Problem},
};

/// A webhook to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWebhook {
    /// Where events are posted to; https, unless the operator allows http.
    #[schema(example = "https://example.com/wagate")]
    url: String,
    /// What people call it, at most 200 characters.
    #[schema(example = "CRM")]
    description: Option<String>,
    /// Only this session's events; the whole workspace's when left out.
    session: Option<String>,
    /// Which types: `message.received`, `message.*`, `*`. All when left out or empty.
    #[serde(default)]
    #[schema(example = json!(["message.*", "session.status"]))]
    events: Vec<String>,
    /// Headers sent along, at most 20.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Your own secret: `whsec_` and the base64 of 24 to 64 random bytes. Made when left out.
    secret: Option<String>,
    /// Who gets a mail when it is switched off because nothing gets through.
    #[schema(example = "ops@example.com")]
    notify_email: Option<String>,
    /// Whether it is told what happens from now on.
    #[serde(default = "yes")]
    #[schema(default = true)]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

/// A new webhook with its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub(super) struct WebhookWithSecret {
    #[serde(flatten)]
    pub(super) webhook: WebhookView,
    /// What events are signed with. `null` when this answer is a repetition; `GET /webhooks/{id}/secret` has it.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    pub(super) secret: Option<String>,
}

/// Filters as they are written.
pub(super) fn filters(field: &str, texts: &[String]) -> Result<Vec<EventFilter>, Invalid> {
    let read = |(index, text): (usize, &String)| {
        text.parse::<EventFilter>()
            .map_err(|error| Invalid::new(format!("{field}[{index}]"), error.to_string(), error.remedy()))
    };
    texts.iter().enumerate().map(read).collect()
}

/// Make a webhook
///
/// Events are posted to it as they happen from now on, each signed by the Standard Webhooks specification, until it
/// answers 2xx. `POST /webhooks/{id}/test` sends it a sample.
#[utoipa::path(
    post, path = "/webhooks", tag = "webhooks",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day.")),
    request_body(content = CreateWebhook, example = json!({"url": "https://example.com/wagate", "events": ["message.*"]})),
    responses(
        (status = 201, description = "Made.", body = WebhookWithSecret, example = json!(with_secret())),
        (status = 404, description = "`session_not_found`"),
        (status = 409, description = "`too_many_webhooks`"),
    ),
)]
pub(crate) async fn create_webhook(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    once: Once,
    JsonBody { value, digest }: JsonBody<CreateWebhook>,
) -> Result<Response, Problem> {
    let state = &state;
    let session = value.session.map(|id| id.parse::<SessionId>()).transpose();
    let session = session.map_err(|_| Problem::plain(Code::SessionNotFound))?;
    let events = filters("events", &value.events)?;
    once.run(state, Fingerprint::of([digest.as_str()]), |seed| async move {
        let request = webhooks::CreateWebhook {
            url: value.url,
            description: value.description,
            session,
            events,
            headers: value.headers.into_iter().collect(),
            secret: value.secret,
            notify_email: value.notify_email,
            enabled: value.enabled,
            seed,
        };
        let made = webhooks::create(&state.env, state.webhook_ports(), caller, request).await?;
        let secret = made.secrets.first().map(SigningSecret::expose).map(str::to_owned);
        let id = made.id;
        let webhook = WebhookView::from(made);
        let changed = Changed::made(&id.to_string(), &webhook);
        let shown = WebhookWithSecret { webhook: webhook.clone(), secret };
        // a secret is not kept, not even for a day
        let answer = Answer::json(StatusCode::CREATED, &shown)?;
        Ok(answer.keeping(&WebhookWithSecret { webhook, secret: None })?.noting(changed))
    })
    .await
}

fn with_secret() -> serde_json::Value {
    let mut shown = example();
    shown["secret"] = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".into();
    shown
}
