//! The machines behind us, connected, and the ports that each role is given.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use wagate_api::{ApiLimits, ApiParts, Ping, PublicUrl, ReadinessCheck};
use wagate_connector::{ConnectorPorts, SqlBackends};
use wagate_domain::{
    Env,
    auth::{ApiKey, KeySecret},
    ports::{ApiKeys, Objects, PortError, Workspace, Workspaces},
    sessions::Pacing,
    webhooks::UrlRules,
};
use wagate_infra::{
    config::Config,
    feed::Feed,
    http::{FetchTimeouts, GuardedFetch, GuardedPost},
    memory::{RememberedKeys, RememberedSessions},
    redis::{
        ConnectError, Redis, RedisBell, RedisCalls, RedisDuties, RedisIdempotency, RedisLanes, RedisLeases,
        RedisLog, RedisPolls,
    },
    s3::{S3, S3Error},
    seal::Ring,
    sql::Database,
    system,
    telemetry::Metrics,
};
use wagate_worker::WorkerPorts;

/// Pause between attempts to reach a machine at start.
const RETRY: Duration = Duration::from_secs(2);

/// How often metrics are tidied.
const TIDY: Duration = Duration::from_secs(5);

/// Every machine, connected.
#[derive(Debug, Clone)]
pub(crate) struct Machines {
    pub(crate) env: Env,
    pub(crate) redis: Redis,
    pub(crate) sql: Database,
    pub(crate) s3: S3,
    fetch: GuardedFetch,
    post: GuardedPost,
}

impl Machines {
    /// Connects to everything the configuration names and brings the schema up to date. What is secret is sealed
    /// under `ring`. A machine that is away is tried again until it answers; `say` tells of it.
    pub(crate) async fn connect(
        config: &Config,
        ring: &Ring,
        say: &(dyn Fn(&str) + Sync),
    ) -> anyhow::Result<Self> {
        let sql = connect_sql(config, ring, say).await?;
        let redis = patiently(
            say,
            |error| matches!(error, ConnectError::Away { .. }),
            async || Redis::connect(&config.redis).await,
        )
        .await?;
        let s3 = patiently(
            say,
            |error| matches!(error, S3Error::Bucket { .. }),
            async || S3::connect(&config.s3).await,
        )
        .await?;
        let fetch = GuardedFetch::new(&config.outbound, FetchTimeouts::default())?;
        let post = GuardedPost::new(&config.outbound)?;
        Ok(Self { env: system::env(), redis, sql, s3, fetch, post })
    }

    /// What the API is given.
    pub(crate) fn api(&self, config: &Config, public_url: &str, metrics: &Metrics) -> ApiParts {
        let sql = Arc::new(self.sql.clone());
        let metrics = metrics.clone();
        let sessions = RememberedSessions::fresh(sql.clone());
        ApiParts {
            env: self.env.clone(),
            keys: Arc::new(RememberedKeys::new(sql.clone())),
            sending: Arc::new(sessions.remembering()),
            sessions: Arc::new(sessions),
            calls: Arc::new(RedisCalls::new(self.redis.clone())),
            messages: sql.clone(),
            contacts: sql.clone(),
            chats: sql.clone(),
            retention: sql.clone(),
            media: sql.clone(),
            objects: Arc::new(self.s3.clone()),
            lanes: Arc::new(self.lanes()),
            told: sql.clone(),
            feed: Arc::new(Feed::new(sql.clone(), Arc::new(RedisBell::new(self.redis.clone())))),
            webhooks: sql.clone(),
            deliveries: sql,
            post: Arc::new(self.post.clone()),
            url_rules: UrlRules { allow_http: config.webhooks_may_be_http() },
            fetch: Arc::new(self.fetch.clone()),
            idempotency: Arc::new(RedisIdempotency::new(self.redis.clone())),
            default_pacing: default_pacing(),
            limits: ApiLimits { upload: config.media.max_upload_bytes, ..ApiLimits::default() },
            public_url: PublicUrl::new(public_url),
            readiness: self.checks().into(),
            metrics: Arc::new(move || metrics.render()),
        }
    }

    /// How to ask each machine whether it is well.
    pub(crate) fn checks(&self) -> Vec<ReadinessCheck> {
        let (redis, sql, s3) = (self.redis.clone(), self.sql.clone(), self.s3.clone());
        let redis: Ping = Box::new(move || {
            let redis = redis.clone();
            Box::pin(async move { redis.ping().await.map_err(|error| error.to_string()) })
        });
        let sql: Ping = Box::new(move || {
            let sql = sql.clone();
            Box::pin(async move { sql.ping().await.map_err(|error| error.to_string()) })
        });
        let s3: Ping = Box::new(move || {
            let s3 = s3.clone();
            Box::pin(async move { s3.size("readiness").await.map(drop).map_err(|error| error.to_string()) })
        });
        [("redis", redis), ("sql", sql), ("s3", s3)]
            .map(|(name, ping)| ReadinessCheck::new(name, ping))
            .into()
    }

    /// What the worker is given.
    pub(crate) fn worker(&self) -> WorkerPorts {
        let sql = Arc::new(self.sql.clone());
        WorkerPorts {
            log: Arc::new(self.log()),
            duties: Arc::new(RedisDuties::new(self.redis.clone())),
            projection: sql.clone(),
            told: sql.clone(),
            bell: Arc::new(RedisBell::new(self.redis.clone())),
            webhooks: sql.clone(),
            deliveries: sql.clone(),
            post: Arc::new(self.post.clone()),
            messages: sql.clone(),
            sessions: sql.clone(),
            lanes: Arc::new(self.lanes()),
            retention: sql.clone(),
            media: sql,
            objects: Arc::new(self.s3.clone()),
        }
    }

    /// What the connector is given.
    pub(crate) fn connector(&self) -> (ConnectorPorts, SqlBackends) {
        let sql = Arc::new(self.sql.clone());
        let ports = ConnectorPorts {
            sessions: sql.clone(),
            messages: sql.clone(),
            media: sql,
            lanes: Arc::new(self.lanes()),
            log: Arc::new(self.log()),
            leases: Arc::new(self.leases()),
            calls: Arc::new(RedisCalls::new(self.redis.clone())),
            polls: Arc::new(RedisPolls::new(self.redis.clone())),
            objects: Arc::new(self.s3.clone()),
        };
        (ports, SqlBackends::new(self.sql.clone()))
    }

    /// The queue of sends.
    pub(crate) fn lanes(&self) -> RedisLanes {
        RedisLanes::new(self.redis.clone())
    }

    /// The event log.
    pub(crate) fn log(&self) -> RedisLog {
        RedisLog::new(self.redis.clone())
    }

    /// Who holds which session.
    pub(crate) fn leases(&self) -> RedisLeases {
        RedisLeases::new(self.redis.clone())
    }

    /// Makes a workspace with one key.
    pub(crate) async fn create_workspace(&self, name: &str) -> anyhow::Result<(Workspace, KeySecret)> {
        let workspace =
            Workspace { id: self.env.new_id(), name: name.to_owned(), created_at: self.env.now() };
        Workspaces::insert(&self.sql, &workspace).await?;
        let (key, secret) = ApiKey::generate(&self.env, workspace.id, "first key");
        ApiKeys::insert(&self.sql, &key).await?;
        Ok((workspace, secret))
    }

    /// Lets go of every machine.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.redis.close().await;
        self.sql.close().await?;
        Ok(())
    }
}

/// Opens the database and brings its schema up to date.
pub(crate) async fn connect_sql(
    config: &Config,
    ring: &Ring,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<Database> {
    let url = config.database.url.as_ref().context("no database: set DATABASE_URL")?;
    let sql = patiently(say, is_away, async || Database::open(url.expose(), ring).await).await?;
    sql.migrate().await?;
    Ok(sql)
}

fn is_away(error: &PortError) -> bool {
    matches!(error, PortError::Unavailable { .. })
}

async fn patiently<T, E: std::error::Error + Send + Sync + 'static>(
    say: &(dyn Fn(&str) + Sync),
    is_away: impl Fn(&E) -> bool,
    connect: impl AsyncFn() -> Result<T, E>,
) -> anyhow::Result<T> {
    loop {
        match connect().await {
            Ok(machine) => return Ok(machine),
            Err(error) if is_away(&error) => {
                say(&format!("{:#}; trying again in {} s", anyhow::Error::from(error), RETRY.as_secs()));
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The process's recorder of metrics; the first call installs it.
pub(crate) fn metrics() -> anyhow::Result<Metrics> {
    static INSTALLED: Mutex<Option<Metrics>> = Mutex::new(None);
    // held until it is installed: of two that start at once the second waits for the first
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(metrics) = installed.as_ref() {
        return Ok(metrics.clone());
    }
    let metrics = Metrics::install()?;
    let tidied = metrics.clone();
    // without a scraper nothing else folds histogram samples, and they would fill the memory
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(TIDY).await;
            tidied.tidy();
        }
    });
    *installed = Some(metrics.clone());
    Ok(metrics)
}

/// The pace of new sessions: none on the simulated network, that of a busy person on WhatsApp.
fn default_pacing() -> Pacing {
    if cfg!(feature = "live") { Pacing::careful() } else { Pacing::default() }
}
