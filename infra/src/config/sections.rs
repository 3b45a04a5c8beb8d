//! The sections of the configuration and their defaults.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer};
use wagate_domain::{Invalid, auth::Networks};

use super::Secret;

/// How strict the checks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// On one's own machine.
    #[default]
    Development,
    /// Reachable by others: unsafe defaults are refused.
    Production,
}

/// The HTTP server of the API.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// URL under which callers reach the API; `http://<listen>` when absent.
    pub public_url: Option<String>,
    /// Networks (CIDR) of proxies of ours: from them `X-Forwarded-For` is believed. None when empty.
    pub trusted_proxies: Vec<String>,
    /// How long a caller may take to send the head of a request, and how long a connection may be idle.
    #[serde(deserialize_with = "duration")]
    pub header_timeout: Duration,
    /// How long the next piece of a body is waited for.
    #[serde(deserialize_with = "duration")]
    pub body_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            trusted_proxies: Vec::new(),
            header_timeout: Duration::from_secs(20),
            body_timeout: Duration::from_secs(15),
        }
    }
}

impl ServerConfig {
    /// The proxies that are believed.
    ///
    /// # Errors
    /// The first that is no network, with its place in the list.
    pub fn trusted_proxies(&self) -> Result<Networks, Invalid> {
        Networks::read("server.trusted_proxies", self.trusted_proxies.iter().map(String::as_str))
    }

    /// URL under which callers reach the API, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> String {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen));
        url.trim_end_matches('/').to_owned()
    }
}

/// Redis.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// `redis://[[user:]password@]host[:port][/database]`, `redis-cluster://…` or `redis+unix:///path`.
    /// Absent: `wagate up` starts a redis-server of its own.
    pub url: Option<Secret<String>>,
    /// First part of every key.
    pub prefix: String,
    /// Number of shards. Fixed once data exists: it decides which key a session's data is under.
    pub shards: u16,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self { url: None, prefix: "wagate".to_owned(), shards: 16 }
    }
}

/// SQL.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://…` or `sqlite://…`. Absent: an SQLite file in the data directory.
    pub url: Option<Secret<String>>,
}

/// Object storage.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3Config {
    /// URL of the S3 API. Absent: `wagate up` serves one from the data directory.
    pub endpoint: Option<String>,
    /// URL of the same service as callers see it, for links; `endpoint` when absent.
    pub public_endpoint: Option<String>,
    /// Region.
    pub region: String,
    /// Bucket; made at start when it does not exist.
    pub bucket: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: Secret<String>,
    /// Bucket in the path (`https://host/bucket/key`) instead of in the host name.
    pub path_style: bool,
}

impl S3Config {
    /// The secret key of an unconfigured installation.
    pub(super) const DEFAULT_SECRET: &'static str = "wagate-local-only";
}

impl Default for S3Config {
    fn default() -> Self {
        Self {
            endpoint: None,
            public_endpoint: None,
            region: "us-east-1".to_owned(),
            bucket: "wagate".to_owned(),
            access_key: "wagate".to_owned(),
            secret_key: Secret::from(Self::DEFAULT_SECRET),
            path_style: true,
        }
    }
}

/// Uploads.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// Largest file taken, in bytes.
    pub max_upload_bytes: u64,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self { max_upload_bytes: 100 * 1024 * 1024 }
    }
}

/// Fetching what callers name by URL.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundConfig {
    /// Lets URLs lead to loopback and private networks.
    pub allow_private: bool,
    /// Networks (`10.1.0.0/16`) that URLs may lead to although they are private.
    #[serde(deserialize_with = "networks")]
    pub allow: Networks,
}

/// The process that holds WhatsApp sockets.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectorConfig {
    /// After so long without a sign of life, of which there are three in that time, a connector's sessions are taken over.
    #[serde(deserialize_with = "duration")]
    pub lease_ttl: Duration,
    /// Time between looks for sessions without an owner (wake-ups make it faster).
    #[serde(deserialize_with = "duration")]
    pub claim_every: Duration,
    /// Time a connector has to finish what is in flight when it is told to stop.
    #[serde(deserialize_with = "duration")]
    pub drain_timeout: Duration,
    /// Time a sent message waits for WhatsApp's ack before it is sent again under the same id.
    #[serde(deserialize_with = "duration")]
    pub ack_timeout: Duration,
    /// Most sessions one process holds.
    pub max_sessions: u32,
    /// Messages encrypted and written at the same time; workspaces share them evenly.
    pub sends_at_once: u32,
    /// Sessions opened a second.
    pub connects_per_second: u32,
}

impl Default for ConnectorConfig {
    fn default() -> Self {
        Self {
            lease_ttl: Duration::from_secs(15),
            claim_every: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(20),
            ack_timeout: Duration::from_secs(20),
            max_sessions: 5_000,
            sends_at_once: 64,
            connects_per_second: 50,
        }
    }
}

/// The process that stores events and tidies up.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerConfig {
    /// Time between two comparisons of queue and record: what was lost is queued again, what is overdue expires.
    #[serde(deserialize_with = "duration")]
    pub reconcile_every: Duration,
    /// Time between two looks for what is older than its workspace keeps it.
    #[serde(deserialize_with = "duration")]
    pub retention_every: Duration,
    /// Time between two sweeps of abandoned uploads.
    #[serde(deserialize_with = "duration")]
    pub sweep_every: Duration,
    /// Time between two looks for workspaces that are to be exported or removed.
    #[serde(deserialize_with = "duration")]
    pub workspaces_every: Duration,
    /// How long entries of the audit log are kept.
    #[serde(deserialize_with = "duration")]
    pub audit_kept: Duration,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            reconcile_every: Duration::from_secs(30),
            retention_every: Duration::from_hours(1),
            sweep_every: Duration::from_mins(10),
            workspaces_every: Duration::from_secs(10),
            audit_kept: Duration::from_hours(400 * 24),
        }
    }
}

/// The end of workspaces.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkspacesConfig {
    /// How long a workspace can be restored after its deletion was asked for.
    #[serde(deserialize_with = "duration")]
    pub deletion_grace: Duration,
    /// How long the file of an export is kept; of one that was made before a deletion from the removal on.
    #[serde(deserialize_with = "duration")]
    pub exports_kept: Duration,
}

impl Default for WorkspacesConfig {
    fn default() -> Self {
        Self { deletion_grace: Duration::from_hours(7 * 24), exports_kept: Duration::from_hours(7 * 24) }
    }
}

/// Telling webhooks of events.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksConfig {
    /// Lets webhooks be plain HTTP. Absent: in development mode they may.
    pub allow_http: Option<bool>,
    /// How long an endpoint may take to answer.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Pause after the first failure; each further one doubles it.
    #[serde(deserialize_with = "duration")]
    pub first_retry: Duration,
    /// Longest pause between two tries.
    #[serde(deserialize_with = "duration")]
    pub longest_retry: Duration,
    /// An event that is not taken for so long is given up; it can be replayed.
    #[serde(deserialize_with = "duration")]
    pub give_up_after: Duration,
    /// A webhook that takes nothing for so long is switched off.
    #[serde(deserialize_with = "duration")]
    pub disable_after: Duration,
    /// Most events under way to one endpoint; those of one chat are never together.
    pub at_once: u32,
}

impl Default for WebhooksConfig {
    fn default() -> Self {
        Self {
            allow_http: None,
            timeout: Duration::from_secs(15),
            first_retry: Duration::from_secs(5),
            longest_retry: Duration::from_hours(6),
            give_up_after: Duration::from_hours(72),
            disable_after: Duration::from_hours(120),
            at_once: 8,
        }
    }
}

/// Mail to people.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// Whether mail is sent at all. Without it nobody can confirm an address or get a new password.
    pub enabled: bool,
    /// The mail server: `smtps://user:password@host:465`, or `smtp://user:password@host:587?tls=required`.
    /// Absent: in development mode mails are kept to be read at `/mailbox`.
    pub smtp_url: Option<Secret<String>>,
    /// Whom mails come from: `Name <name@example.com>`. Needed with a mail server.
    pub from: Option<String>,
    /// PEM file of the authority of a mail server whose certificate is not of a public one.
    pub ca_file: Option<PathBuf>,
    /// How long a try may take.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Pause after the first failure; each further one doubles it.
    #[serde(deserialize_with = "duration")]
    pub first_retry: Duration,
    /// Longest pause between two tries.
    #[serde(deserialize_with = "duration")]
    pub longest_retry: Duration,
    /// A mail that no server takes for so long is given up.
    #[serde(deserialize_with = "duration")]
    pub give_up_after: Duration,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            smtp_url: None,
            from: None,
            ca_file: None,
            timeout: Duration::from_secs(20),
            first_retry: Duration::from_mins(1),
            longest_retry: Duration::from_hours(4),
            give_up_after: Duration::from_hours(24),
        }
    }
}

/// How those who run a process learn how it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationsConfig {
    /// Address on which any role serves `/health/live`, `/health/ready` and `/metrics`, without a key: keep it inside.
    /// Absent: it does not.
    pub listen: Option<SocketAddr>,
}

/// Where the WhatsApp network is. A live build goes to WhatsApp and ignores this section;
/// a sandbox build is given the sandbox's addresses.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// URL of the WebSocket (`ws://127.0.0.1:7000/ws/chat`).
    pub ws_url: Option<String>,
    /// Host (and port) that the network names for media, reached over `media_http_addr` instead.
    pub media_https_host: Option<String>,
    /// Address that serves that host's media over plain HTTP.
    pub media_http_addr: Option<SocketAddr>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object per line.
    Json,
}

/// Logging.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// How lines look.
    pub format: LogFormat,
    /// Which lines: directives of tracing-subscriber's `EnvFilter` (`info,wagate_connector=debug`).
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            filter: "info,s3s=warn,s3s_fs=warn,fred=warn,sqlx=warn".to_owned(),
        }
    }
}

/// Reads networks and single addresses.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Networks, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = Networks::read("", texts.iter().map(String::as_str));
    read.map_err(|invalid| serde::de::Error::custom(format!("{}; {}", invalid.problem, invalid.remedy)))
}

/// Reads `15s`, `2m 30s`, `PT15S`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let span = jiff::SignedDuration::deserialize(deserializer)?;
    Duration::try_from(span).map_err(|_| serde::de::Error::custom("must not be negative"))
}
