//! The connections to Redis.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fred::{
    clients::WithOptions,
    prelude::{
        Builder, Client, ClientLike, Config, ConnectionConfig, Error, LuaInterface, Options,
        PerformanceConfig, ReconnectPolicy, ServerConfig,
    },
    types::{ConnectHandle, config::UnresponsiveConfig},
};

use super::{
    keys::Keys,
    scripts::{self, Script},
};
use crate::config::RedisConfig;

/// Longest wait for an answer. Callers learn within two seconds that Redis is away.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Shared connections; commands of many tasks are pipelined over each.
const SHARED: usize = 2;
/// Messages a slow subscriber may be behind before some are dropped (it is told).
const SUBSCRIBER_BACKLOG: usize = 8_192;

/// A connected Redis. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Redis(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: Keys,
    builder: Builder,
    shared: Vec<WithOptions<Client>>,
    next: AtomicUsize,
    is_cluster: bool,
}

/// A connection that is closed when it is dropped, whatever it is waiting for.
#[derive(Debug)]
pub(super) struct Dedicated {
    client: Client,
    connection: ConnectHandle,
}

impl Dedicated {
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }
}

impl Drop for Dedicated {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No URL is configured.
    #[error(
        "no Redis is configured; set REDIS_URL (redis://host:6379), or run `wagate up`, which brings its own"
    )]
    NoUrl,
    /// The URL cannot be used.
    #[error(
        "REDIS_URL cannot be used: {0}; write redis://[user:password@]host:port[/database], redis-cluster://… or redis+unix:///path"
    )]
    BadUrl(String),
    /// Nothing answers there, or it refuses us.
    #[error("Redis at {place} cannot be reached; check that it runs, and REDIS_URL's password")]
    Away {
        /// Host and port, or path of the socket; without credentials.
        place: String,
        /// The cause.
        #[source]
        source: Error,
    },
}

impl Redis {
    /// Connects and loads the scripts.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(config: &RedisConfig) -> Result<Self, ConnectError> {
        let url = config.url.as_ref().ok_or(ConnectError::NoUrl)?.expose();
        let server = parse(url)?;
        let place = place(&server.server);
        let is_cluster = server.server.is_clustered();
        let builder = builder(server);
        let mut watched = builder.clone();
        watched.with_connection_config(|connection| connection.unresponsive = unresponsive());
        let away = |source| ConnectError::Away { place: place.clone(), source };
        let mut shared = Vec::with_capacity(SHARED);
        for _ in 0..SHARED {
            let client = open(&watched).await.map_err(away)?;
            shared.push(client.with_options(&options(COMMAND_TIMEOUT)));
        }
        let keys = Keys::new(config.prefix.clone(), config.shards);
        let redis = Self(Arc::new(Inner { keys, builder, shared, next: AtomicUsize::new(0), is_cluster }));
        for script in scripts::ALL {
            redis.load(script).await.map_err(away)?;
        }
        Ok(redis)
    }

    /// Names of keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// `Unavailable` when it does not.
    pub async fn ping(&self) -> Result<(), wagate_domain::ports::PortError> {
        self.shared().ping::<()>(None).await.map_err(super::call::port_error)
    }

    /// Closes the shared connections.
    pub async fn close(&self) {
        for client in &self.0.shared {
            // a connection that is gone already is what was asked for
            drop(client.quit().await);
        }
    }

    /// A shared connection. Nothing that blocks may be sent over it.
    pub(super) fn shared(&self) -> &WithOptions<Client> {
        let next = self.0.next.fetch_add(1, Ordering::Relaxed);
        &self.0.shared[next % self.0.shared.len()]
    }

    /// A connection of one's own, for subscribing or blocking.
    pub(super) async fn dedicated(&self) -> Result<Dedicated, Error> {
        let client = self.0.builder.build()?;
        let connection = client.init().await?;
        Ok(Dedicated { client, connection })
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.0.is_cluster
    }

    async fn load(&self, script: &Script) -> Result<(), Error> {
        let sha: String = self.shared().script_load(script.source()).await?;
        script.learned(sha);
        Ok(())
    }
}

/// Options of a command: one attempt, and an error at once while the connection is down.
pub(super) fn options(timeout: Duration) -> Options {
    Options { max_attempts: Some(1), timeout: Some(timeout), fail_fast: true, ..Options::default() }
}

/// A shared connection on which an answer is overdue is dead, even if nobody has told us, and is replaced.
fn unresponsive() -> UnresponsiveConfig {
    UnresponsiveConfig { max_timeout: Some(COMMAND_TIMEOUT), interval: COMMAND_TIMEOUT / 3 }
}

async fn open(builder: &Builder) -> Result<Client, Error> {
    let client = builder.build()?;
    client.init().await?;
    Ok(client)
}

fn parse(url: &str) -> Result<Config, ConnectError> {
    if let Some(path) = url.strip_prefix("redis+unix://").filter(|path| path.starts_with('/')) {
        return Ok(Config { server: ServerConfig::new_unix_socket(path), ..Config::default() });
    }
    if url.starts_with("rediss") {
        let problem = "this build carries no TLS for Redis, use a private network or a TLS tunnel";
        return Err(ConnectError::BadUrl(problem.to_owned()));
    }
    Config::from_url(url).map_err(|error| ConnectError::BadUrl(error.details().to_owned()))
}

fn place(server: &ServerConfig) -> String {
    match server {
        ServerConfig::Unix { path } => path.display().to_string(),
        other => other.hosts().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn builder(config: Config) -> Builder {
    let mut builder = Builder::from_config(config);
    builder
        .set_policy(ReconnectPolicy::new_exponential(0, 50, 2_000, 2))
        .set_performance_config(PerformanceConfig {
            default_command_timeout: COMMAND_TIMEOUT,
            broadcast_channel_capacity: SUBSCRIBER_BACKLOG,
            ..PerformanceConfig::default()
        })
        .set_connection_config(ConnectionConfig {
            connection_timeout: COMMAND_TIMEOUT,
            internal_command_timeout: COMMAND_TIMEOUT,
            max_command_attempts: 1,
            ..ConnectionConfig::default()
        });
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (url, expected) in [
            ("redis://u:secret@cache:7000/3", Some("cache:7000")),
            ("redis://cache", Some("cache:6379")),
            ("redis-cluster://a:1?node=b:2", Some("b:2, a:1")),
            ("redis+unix:///tmp/with space/redis.sock", Some("/tmp/with space/redis.sock")),
            ("rediss://cache", None),
            ("not a url", None),
        ] {
            let parsed = parse(url).map(|config| place(&config.server));
            assert_eq!(parsed.as_deref().ok(), expected, "{url}");
        }
    }
}
