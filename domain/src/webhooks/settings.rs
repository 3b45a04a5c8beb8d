//! Making and changing webhooks.

use std::time::Duration;

use super::{
    Webhook,
    checks::{check_description, check_headers, check_notified, check_url, read_secret},
};
use crate::{
    Env, Invalid, SessionId, WebhookId,
    auth::Principal,
    events::EventFilter,
    ids::Id,
    ports::{PortError, Post, Sessions, ToldEvents, Webhooks},
};

/// Webhooks a workspace may have.
pub const MAX_PER_WORKSPACE: u32 = 100;
/// How long an old secret goes on beside a new one at most.
const MAX_OVERLAP: Duration = Duration::from_hours(24 * 7);

/// What makes an address acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UrlRules {
    /// Plain HTTP, too.
    pub allow_http: bool,
}

/// What the use-cases need.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct WebhookPorts<'a> {
    /// Webhooks on record.
    pub webhooks: &'a dyn Webhooks,
    /// Sessions on record.
    pub sessions: &'a dyn Sessions,
    /// Events, for where a webhook begins.
    pub told: &'a dyn ToldEvents,
    /// Knows which addresses may be posted to.
    pub post: &'a dyn Post,
    /// What makes an address acceptable.
    pub rules: UrlRules,
}

/// What a caller says of the webhook it wants.
#[derive(Debug, Clone)]
pub struct CreateWebhook {
    /// Where events are posted to.
    pub url: String,
    /// What people call it.
    pub description: Option<String>,
    /// Only this session's events.
    pub session: Option<SessionId>,
    /// Which types; none given: all.
    pub events: Vec<EventFilter>,
    /// Headers sent along.
    pub headers: Vec<(String, String)>,
    /// A secret brought along; made when absent.
    pub secret: Option<String>,
    /// Who gets a mail when it is switched off.
    pub notify_email: Option<String>,
    /// Whether it is told anything from now on.
    pub enabled: bool,
    /// Fixes the id, so that a repeated request makes one webhook.
    pub seed: Option<ulid::Ulid>,
}

/// What is to change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateWebhook {
    /// Where events are posted to.
    pub url: Option<String>,
    /// What people call it; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// Which types.
    pub events: Option<Vec<EventFilter>>,
    /// Headers sent along, whole.
    pub headers: Option<Vec<(String, String)>>,
    /// Who gets a mail when it is switched off; `Some(None)`: nobody.
    pub notify_email: Option<Option<String>>,
    /// Whether it is told anything. Switched on again it goes on where it stopped.
    pub enabled: Option<bool>,
}

/// A change of secrets.
#[derive(Debug, Clone, Default)]
pub struct Rotation {
    /// The new secret; made when absent.
    pub secret: Option<String>,
    /// How long the old one signs too; a day when absent.
    pub overlap: Option<Duration>,
}

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No such session in this workspace.
    #[error("no such session")]
    SessionNotFound,
    /// No such webhook in this workspace.
    #[error("no such webhook")]
    NotFound,
    /// The workspace has as many as it may.
    #[error("a workspace has at most {MAX_PER_WORKSPACE} webhooks")]
    TooMany,
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Makes a webhook. It is told what happens from now on.
///
/// # Errors
/// See [`SaveError`].
pub async fn create(
    env: &Env,
    ports: WebhookPorts<'_>,
    caller: Principal,
    request: CreateWebhook,
) -> Result<Webhook, SaveError> {
    check_url(ports, &request.url)?;
    let headers = check_headers(request.headers)?;
    let description = request.description.as_deref().map(check_description).transpose()?.flatten();
    let secret = read_secret(env, request.secret)?;
    let notify_email = request.notify_email.as_deref().map(check_notified).transpose()?;
    if let Some(session) = request.session
        && ports.sessions.get(caller.workspace, session).await?.is_none()
    {
        return Err(SaveError::SessionNotFound);
    }
    let id = request.seed.map_or_else(|| env.new_id::<WebhookId>(), WebhookId::from_ulid);
    let now = env.now();
    let webhook = Webhook {
        id,
        workspace: caller.workspace,
        session: request.session,
        url: request.url,
        description,
        events: request.events,
        headers,
        secrets: vec![secret],
        notify_email,
        enabled: request.enabled,
        disabled: None,
        cursor: ports.told.newest().await?,
        failing_since: None,
        created_at: now,
        updated_at: now,
    };
    ports.webhooks.insert(&webhook, MAX_PER_WORKSPACE).await?.ok_or(SaveError::TooMany)
}

/// Changes a webhook; deliveries under way end as they are.
///
/// # Errors
/// See [`SaveError`].
pub async fn update(
    env: &Env,
    ports: WebhookPorts<'_>,
    caller: Principal,
    id: WebhookId,
    change: UpdateWebhook,
) -> Result<Webhook, SaveError> {
    let mut webhook = ports.webhooks.get(caller.workspace, id).await?.ok_or(SaveError::NotFound)?;
    if let Some(url) = change.url {
        check_url(ports, &url)?;
        webhook.url = url;
    }
    if let Some(headers) = change.headers {
        webhook.headers = check_headers(headers)?;
    }
    if let Some(description) = change.description {
        webhook.description = description.as_deref().map(check_description).transpose()?.flatten();
    }
    if let Some(events) = change.events {
        webhook.events = events;
    }
    if let Some(notified) = change.notify_email {
        webhook.notify_email = notified.as_deref().map(check_notified).transpose()?;
    }
    if let Some(enabled) = change.enabled {
        if enabled && !webhook.enabled {
            webhook.failing_since = None;
            webhook.disabled = None;
        }
        webhook.enabled = enabled;
    }
    save(env, ports, webhook).await
}

/// Signs with a new secret from now on, and with the old one too for a while. Never more than two are live.
///
/// # Errors
/// See [`SaveError`].
pub async fn rotate(
    env: &Env,
    ports: WebhookPorts<'_>,
    caller: Principal,
    id: WebhookId,
    rotation: Rotation,
) -> Result<Webhook, SaveError> {
    let overlap = rotation.overlap.unwrap_or(Duration::from_hours(24));
    if overlap > MAX_OVERLAP {
        return Err(Invalid::new("overlap_seconds", "is too long", "use 0 to 604800 (a week)").into());
    }
    let fresh = read_secret(env, rotation.secret)?;
    let mut webhook = ports.webhooks.get(caller.workspace, id).await?.ok_or(SaveError::NotFound)?;
    let end = env.now().plus(overlap);
    let old = webhook.secrets.first().cloned().filter(|_| !overlap.is_zero());
    webhook.secrets = vec![fresh];
    webhook.secrets.extend(old.map(|old| old.until(end)));
    save(env, ports, webhook).await
}

async fn save(env: &Env, ports: WebhookPorts<'_>, mut webhook: Webhook) -> Result<Webhook, SaveError> {
    // strictly later, so that whoever delivers sees that it changed
    webhook.updated_at = env.now().max(webhook.updated_at.plus(Duration::from_millis(1)));
    if ports.webhooks.update(&webhook).await? { Ok(webhook) } else { Err(SaveError::NotFound) }
}
