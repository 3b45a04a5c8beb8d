//! Making and changing webhooks.

use std::time::Duration;

use super::{SigningSecret, Webhook};
use crate::{
    Env, Invalid, SessionId, WebhookId,
    auth::Principal,
    events::EventFilter,
    ids::Id,
    ports::{FetchError, PortError, Post, Sessions, ToldEvents, Webhooks},
};

/// Webhooks a workspace may have.
pub const MAX_PER_WORKSPACE: u32 = 100;
/// Longest address, in bytes.
const MAX_URL: usize = 2_048;
/// Most headers of one webhook.
const MAX_HEADERS: usize = 20;
/// Longest header value, in bytes.
const MAX_VALUE: usize = 1_024;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 200;
/// How long an old secret goes on beside a new one at most.
const MAX_OVERLAP: Duration = Duration::from_hours(24 * 7);
/// Headers that are ours to set.
const RESERVED: [&str; 9] = [
    "host",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "user-agent",
];

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

fn check_url(ports: WebhookPorts<'_>, url: &str) -> Result<(), Invalid> {
    let wrong = |problem: String, remedy: &str| Invalid::new("url", problem, remedy);
    if url.len() > MAX_URL {
        return Err(wrong("is too long".to_owned(), "use at most 2048 bytes"));
    }
    if !ports.rules.allow_http && url.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://")) {
        return Err(wrong("is not encrypted".to_owned(), "use an https address"));
    }
    ports.post.check(url).map_err(|error| match error {
        FetchError::Private => wrong(
            error.to_string(),
            "use an address that is reachable from the internet, or let your operator allow its network",
        ),
        other => wrong(other.to_string(), "use an absolute address, like https://example.com/wagate"),
    })
}

fn check_headers(headers: Vec<(String, String)>) -> Result<Vec<(String, String)>, Invalid> {
    if headers.len() > MAX_HEADERS {
        return Err(Invalid::new("headers", "are too many", format!("send at most {MAX_HEADERS}")));
    }
    for (name, value) in &headers {
        let field = || format!("headers.{name}");
        let lower = name.to_ascii_lowercase();
        let token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
        if name.is_empty() || name.len() > 100 || !name.bytes().all(token) {
            return Err(Invalid::new(field(), "is no name of a header", "use letters, digits and dashes"));
        }
        if RESERVED.contains(&lower.as_str()) || lower.starts_with("webhook-") {
            return Err(Invalid::new(field(), "is set by us", "choose another name"));
        }
        if value.len() > MAX_VALUE || !value.bytes().all(|c| (b' '..=b'~').contains(&c)) {
            let remedy = "use at most 1024 printable ASCII characters";
            return Err(Invalid::new(field(), "has a value that cannot be sent", remedy));
        }
    }
    Ok(headers)
}

fn check_description(text: &str) -> Result<Option<String>, Invalid> {
    if text.chars().count() > MAX_DESCRIPTION {
        let remedy = format!("use at most {MAX_DESCRIPTION} characters");
        return Err(Invalid::new("description", "is too long", remedy));
    }
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

fn read_secret(env: &Env, given: Option<String>) -> Result<SigningSecret, Invalid> {
    let Some(given) = given else { return Ok(SigningSecret::generate(env)) };
    SigningSecret::read(&given).ok_or_else(|| {
        let remedy = "send whsec_ and the base64 of 24 to 64 random bytes, or leave it out";
        Invalid::new("secret", "is no secret of the Standard Webhooks specification", remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_break_a_request_are_refused() {
        let check =
            |name: &str, value: &str| check_headers(vec![(name.to_owned(), value.to_owned())]).is_ok();
        for (name, value, good) in [
            ("X-Tenant", "42", true),
            ("Authorization", "Bearer abc", true),
            ("Webhook-Id", "x", false),
            ("content-type", "text/plain", false),
            ("Host", "other.example", false),
            ("X Tenant", "42", false),
            ("", "42", false),
            ("X-Tenant", "a\r\nX-Evil: 1", false),
            ("X-Tenant", "é", false),
        ] {
            assert_eq!(check(name, value), good, "{name}: {value}");
        }
    }
}
