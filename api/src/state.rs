//! What the router needs: the ports, the limits, and how to ask whether we are well.

use std::{fmt, ops::Deref, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use wagate_domain::{
    Env,
    auth::Networks,
    chats::ReadPorts,
    limits::{Charge, Rate, Subject, Terms},
    media::Staging,
    messages::SendPorts,
    ports::{
        ApiKeys, AuditLog, Chats, Contacts, Deliveries, Exports, Fetch, Idempotency, Lanes, Limits, Mailbox,
        MediaIndex, Messages, Objects, Origins, Post, Removals, Retentions, SessionCalls, Sessions,
        ToldEvents, ToldFeed, Webhooks, Workspaces,
    },
    sessions::Pacing,
    webhooks::{ReplayPorts, UrlRules, WebhookPorts},
    workspaces::Plan,
};

use crate::PeopleParts;

/// Everything a handler may touch. Built once by the composition root.
pub struct ApiParts {
    /// Clock and entropy.
    pub env: Env,
    /// API keys.
    pub keys: Arc<dyn ApiKeys>,
    /// Who did what.
    pub audit: Arc<dyn AuditLog>,
    /// Proxies of ours, which are believed when they say whom they forward for.
    pub trusted_proxies: Networks,
    /// Sessions on record.
    pub sessions: Arc<dyn Sessions>,
    /// The same for sending, where what was on record a moment ago will do.
    pub sending: Arc<dyn Sessions>,
    /// Calls to the connectors that hold sessions.
    pub calls: Arc<dyn SessionCalls>,
    /// Messages on record.
    pub messages: Arc<dyn Messages>,
    /// Contacts on record.
    pub contacts: Arc<dyn Contacts>,
    /// Chats on record.
    pub chats: Arc<dyn Chats>,
    /// How long what is kept.
    pub retention: Arc<dyn Retentions>,
    /// Mails that are kept to be read instead of being sent: on one's own machine only, for they hold secrets.
    pub mailbox: Option<Arc<dyn Mailbox>>,
    /// Origins of web pages that workspaces allow.
    pub origins: Arc<dyn Origins>,
    /// Exports on record.
    pub exports: Arc<dyn Exports>,
    /// What stays of deleted workspaces.
    pub removals: Arc<dyn Removals>,
    /// How long a workspace can be restored after its deletion was asked for.
    pub deletion_grace: Duration,
    /// Media objects on record.
    pub media: Arc<dyn MediaIndex>,
    /// S3.
    pub objects: Arc<dyn Objects>,
    /// The queue of sends.
    pub lanes: Arc<dyn Lanes>,
    /// What subscribers are told.
    pub told: Arc<dyn ToldEvents>,
    /// The same as it happens.
    pub feed: Arc<dyn ToldFeed>,
    /// Webhooks on record.
    pub webhooks: Arc<dyn Webhooks>,
    /// Deliveries on record.
    pub deliveries: Arc<dyn Deliveries>,
    /// Knows which addresses may be posted to.
    pub post: Arc<dyn Post>,
    /// What makes the address of a webhook acceptable.
    pub url_rules: UrlRules,
    /// Guarded fetches of files named by URL.
    pub fetch: Arc<dyn Fetch>,
    /// People.
    pub people: PeopleParts,
    /// The memory of idempotency keys.
    pub idempotency: Arc<dyn Idempotency>,
    /// The pace of a session that is made without one.
    pub default_pacing: Pacing,
    /// What callers may use up.
    pub terms: ApiTerms,
    /// Bounds on what callers may send.
    pub limits: ApiLimits,
    /// Where callers reach us, for links in answers.
    pub public_url: PublicUrl,
    /// What `/readyz` asks.
    pub readiness: Arc<[ReadinessCheck]>,
    /// Renders `/metrics` in the Prometheus text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// The parts, as every layer and handler of the router has them: cloned for each request, so that must cost nothing.
#[derive(Debug, Clone)]
pub(crate) struct ApiState(Arc<ApiParts>);

impl ApiState {
    pub(crate) fn new(parts: ApiParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for ApiState {
    type Target = ApiParts;

    fn deref(&self) -> &ApiParts {
        &self.0
    }
}

impl fmt::Debug for ApiParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiParts")
            .field("limits", &self.limits)
            .field("public_url", &self.public_url)
            .field("readiness", &self.readiness)
            .finish_non_exhaustive()
    }
}

impl ApiParts {
    /// The ports of sending.
    pub(crate) fn send_ports(&self) -> SendPorts<'_> {
        SendPorts {
            sessions: &*self.sending,
            messages: &*self.messages,
            media: &*self.media,
            lanes: &*self.lanes,
            terms: self.terms(),
        }
    }

    /// On which terms workspaces act.
    pub(crate) fn terms(&self) -> Terms<'_> {
        let ApiTerms { workspaces, limits, plan, .. } = &self.terms;
        Terms { workspaces: &**workspaces, limits: &**limits, plan }
    }

    /// The ports of making and changing webhooks.
    pub(crate) fn webhook_ports(&self) -> WebhookPorts<'_> {
        WebhookPorts {
            webhooks: &*self.webhooks,
            sessions: &*self.sessions,
            told: &*self.told,
            post: &*self.post,
            rules: self.url_rules,
        }
    }

    /// The ports of telling a webhook once more.
    pub(crate) fn replay_ports(&self) -> ReplayPorts<'_> {
        ReplayPorts { webhooks: &*self.webhooks, deliveries: &*self.deliveries, told: &*self.told }
    }

    /// The ports of reading chats.
    pub(crate) fn read_ports(&self) -> ReadPorts<'_> {
        ReadPorts { chats: &*self.chats, messages: &*self.messages, contacts: &*self.contacts }
    }

    /// The ports of staging media.
    pub(crate) fn staging(&self) -> Staging<'_> {
        Staging { index: &*self.media, objects: &*self.objects }
    }
}

/// What callers may use up, and what is left of it.
pub struct ApiTerms {
    /// Tenants and their plans, as they were on record a moment ago.
    pub workspaces: Arc<dyn Workspaces>,
    /// What is left.
    pub limits: Arc<dyn Limits>,
    /// The plan of a workspace that has none of its own.
    pub plan: Plan,
    /// Requests without a valid key from one address.
    pub strangers: Option<Rate>,
}

impl ApiTerms {
    /// What a request without a valid key is charged for.
    pub(crate) fn for_stranger(&self) -> Option<Charge> {
        self.strangers.map(|rate| Charge::request(Subject::Address, rate))
    }
}

impl fmt::Debug for ApiTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiTerms")
            .field("plan", &self.plan)
            .field("strangers", &self.strangers)
            .finish_non_exhaustive()
    }
}

/// Bounds on what callers may send, in bytes, and how long they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiLimits {
    /// Largest JSON body of an ordinary request.
    pub json_body: usize,
    /// Largest JSON body of a send, which may carry a file in base64.
    pub base64_body: usize,
    /// Largest file that is streamed through us or fetched by URL; a kind's own limit may be lower.
    pub upload: u64,
    /// A reader of a live stream who takes nothing for so long, although there is something, is cut off.
    pub live_patience: Duration,
    /// How long the next piece of a body is waited for.
    pub body_patience: Duration,
}

impl Default for ApiLimits {
    /// 1 MiB, 24 MiB, 100 MiB, 10 seconds and 15 seconds.
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            json_body: MIB,
            base64_body: 24 * MIB,
            upload: 100 * 1024 * 1024,
            live_patience: Duration::from_secs(10),
            body_patience: Duration::from_secs(15),
        }
    }
}

/// The base URL callers use, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Takes a base URL such as `https://wa.example.com`; slashes at the end are dropped.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self(url.trim_end_matches('/').to_owned())
    }

    /// Whether callers reach us over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
    }

    /// The absolute URL of a path that starts with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

/// Asks one machine whether it answers; the error text is for the log only.
pub type Ping = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// One dependency that `/readyz` names.
pub struct ReadinessCheck {
    name: &'static str,
    ping: Ping,
}

impl fmt::Debug for ReadinessCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadinessCheck").field(&self.name).finish()
    }
}

impl ReadinessCheck {
    /// A dependency's public name (`redis`, `sql`, `s3`) and how to ask it.
    pub fn new(name: &'static str, ping: Ping) -> Self {
        Self { name, ping }
    }

    /// The public name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Asks once.
    ///
    /// # Errors
    /// What the machine said, for the log.
    pub async fn ask(&self) -> Result<(), String> {
        (self.ping)().await
    }
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn links_have_one_slash_between_base_and_path() {
        for base in ["https://wa.example.com", "https://wa.example.com/"] {
            assert_eq!(PublicUrl::new(base).join("/api/v1/keys"), "https://wa.example.com/api/v1/keys");
        }
    }
}
