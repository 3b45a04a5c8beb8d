//! What an operator can set: one struct per section, loaded once, checked in pairs.
//!
//! Later sources win: defaults, `wagate.toml`, the well-known variables (`REDIS_URL`, `DATABASE_URL`,
//! `S3_*`), then `WAGATE_<SECTION>__<FIELD>`.

mod check;
mod check_mail;
mod encryption;
mod limits;
mod load;
mod people;
mod providers;
mod secret;
mod sections;

pub use check::ConfigError;
pub use encryption::EncryptionConfig;
pub use limits::LimitsConfig;
pub use people::{PeopleConfig, Registration};
pub use providers::ProviderConfig;
pub use secret::Secret;
pub use sections::{
    ConnectorConfig, DatabaseConfig, LogConfig, LogFormat, MailConfig, MediaConfig, Mode, NetworkConfig,
    OperationsConfig, OutboundConfig, RedisConfig, S3Config, ServerConfig, WebhooksConfig, WorkerConfig,
    WorkspacesConfig,
};

use std::path::PathBuf;

use serde::Deserialize;

/// Everything an operator can set.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Development (defaults that just work) or production (defaults that would be unsafe are refused).
    pub mode: Mode,
    /// Where the embedded servers keep their files.
    pub data_dir: PathBuf,
    /// The HTTP server of the API.
    pub server: ServerConfig,
    /// Redis.
    pub redis: RedisConfig,
    /// SQL.
    pub database: DatabaseConfig,
    /// Object storage.
    pub s3: S3Config,
    /// Uploads.
    pub media: MediaConfig,
    /// Fetching what callers name by URL.
    pub outbound: OutboundConfig,
    /// The process that holds WhatsApp sockets.
    pub connector: ConnectorConfig,
    /// The process that stores events and tidies up.
    pub worker: WorkerConfig,
    /// The end of workspaces.
    pub workspaces: WorkspacesConfig,
    /// Telling webhooks of events.
    pub webhooks: WebhooksConfig,
    /// What a workspace without a plan of its own may use, and callers without a key.
    pub limits: LimitsConfig,
    /// People and their accounts.
    pub people: PeopleConfig,
    /// Mail to people.
    pub mail: MailConfig,
    /// How those who run a process learn how it is.
    pub operations: OperationsConfig,
    /// Encryption at rest.
    pub encryption: EncryptionConfig,
    /// Where the WhatsApp network is.
    pub network: NetworkConfig,
    /// Logging.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            data_dir: PathBuf::from("data"),
            server: ServerConfig::default(),
            redis: RedisConfig::default(),
            database: DatabaseConfig::default(),
            s3: S3Config::default(),
            media: MediaConfig::default(),
            outbound: OutboundConfig::default(),
            connector: ConnectorConfig::default(),
            worker: WorkerConfig::default(),
            workspaces: WorkspacesConfig::default(),
            webhooks: WebhooksConfig::default(),
            limits: LimitsConfig::default(),
            people: PeopleConfig::default(),
            mail: MailConfig::default(),
            operations: OperationsConfig::default(),
            encryption: EncryptionConfig::default(),
            network: NetworkConfig::default(),
            log: LogConfig::default(),
        }
    }
}

impl Config {
    /// Whether webhooks may be plain HTTP.
    #[must_use]
    pub fn webhooks_may_be_http(&self) -> bool {
        self.webhooks.allow_http.unwrap_or(self.mode == Mode::Development)
    }

    /// Whether mails are kept to be read at `/mailbox` instead of being sent. They hold links that let people in, so
    /// never in production mode.
    #[must_use]
    pub fn keeps_mail(&self) -> bool {
        self.mail.enabled && self.mail.smtp_url.is_none() && self.mode == Mode::Development
    }
}
