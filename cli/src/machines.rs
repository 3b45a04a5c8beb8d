//! The machines behind us, connected, and the ports that each role is given.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use wagate_api::{ApiLimits, ApiParts, ApiTerms, PeopleParts, Ping, PublicUrl, ReadinessCheck};
use wagate_connector::{ConnectorPorts, SqlBackends};
use wagate_domain::{
    Env,
    exports::Sources,
    ports::{Mailbox, Mailer, Objects, PortError},
    sessions::Pacing,
    webhooks::UrlRules,
};
use wagate_infra::{
    config::Config,
    feed::Feed,
    http::{FetchTimeouts, GuardedFetch, GuardedPost},
    mail::{KeptMail, NoMail, SmtpMailer, SqlMailbox, Templates},
    memory::{
        LeasedLimits, RememberedKeys, RememberedOrigins, RememberedSessions, RememberedStandings,
        RememberedWorkspaces,
    },
    oidc::OidcProviders,
    proofs::{Argon2Passwords, JwtTokens, Strength},
    redis::{
        ConnectError, Redis, RedisAttempts, RedisBell, RedisCalls, RedisDepartures, RedisDuties,
        RedisIdempotency, RedisLanes, RedisLeases, RedisLimits, RedisLog, RedisPolls, RedisSignOuts,
        RedisTraces,
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
#[derive(Clone)]
pub(crate) struct Machines {
    pub(crate) env: Env,
    pub(crate) redis: Redis,
    pub(crate) sql: Database,
    pub(crate) s3: S3,
    limits: LeasedLimits,
    fetch: GuardedFetch,
    post: GuardedPost,
    mailer: Arc<dyn Mailer>,
    mailbox: Option<Arc<dyn Mailbox>>,
}

impl fmt::Debug for Machines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Machines")
    }
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
        let env = system::env();
        let limits = LeasedLimits::new(RedisLimits::new(redis.clone(), env.clone()));
        let mailer = mailer(config)?;
        let mailbox: Option<Arc<dyn Mailbox>> = if config.keeps_mail() {
            Some(Arc::new(SqlMailbox::new(Arc::new(sql.clone()), Templates::read()?)))
        } else {
            None
        };
        Ok(Self { env, redis, sql, s3, limits, fetch, post, mailer, mailbox })
    }

    /// What the API is given.
    pub(crate) fn api(&self, config: &Config, metrics: &Metrics) -> anyhow::Result<ApiParts> {
        let sql = Arc::new(self.sql.clone());
        let metrics = metrics.clone();
        let sessions = RememberedSessions::fresh(sql.clone());
        Ok(ApiParts {
            env: self.env.clone(),
            trusted_proxies: config.server.trusted_proxies()?,
            audit: sql.clone(),
            keys: Arc::new(RememberedKeys::new(sql.clone())),
            sending: Arc::new(sessions.remembering()),
            sessions: Arc::new(sessions),
            calls: Arc::new(RedisCalls::new(self.redis.clone())),
            messages: sql.clone(),
            contacts: sql.clone(),
            chats: sql.clone(),
            retention: sql.clone(),
            mailbox: self.mailbox.clone(),
            origins: Arc::new(RememberedOrigins::new(sql.clone())),
            exports: sql.clone(),
            removals: sql.clone(),
            deletion_grace: config.workspaces.deletion_grace,
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
            people: self.people(config)?,
            idempotency: Arc::new(RedisIdempotency::new(self.redis.clone())),
            default_pacing: default_pacing(),
            terms: self.terms(config),
            limits: ApiLimits {
                upload: config.media.max_upload_bytes,
                body_patience: config.server.body_timeout,
                ..ApiLimits::default()
            },
            public_url: PublicUrl::new(&config.server.public_url()),
            readiness: self.checks().into(),
            metrics: Arc::new(move || metrics.render()),
        })
    }

    /// What callers of the API may use up.
    fn terms(&self, config: &Config) -> ApiTerms {
        ApiTerms {
            workspaces: Arc::new(RememberedWorkspaces::new(Arc::new(self.sql.clone()))),
            limits: Arc::new(self.limits.clone()),
            plan: config.limits.plan(),
            strangers: config.limits.strangers(),
        }
    }

    /// What deals with people.
    pub(crate) fn people(&self, config: &Config) -> anyhow::Result<PeopleParts> {
        let sql = Arc::new(self.sql.clone());
        let sign_outs = RedisSignOuts::new(self.redis.clone());
        let public_url = &config.server.public_url();
        let rules = config.people.rules(public_url);
        let (departures, env) = (RedisDepartures::new(self.redis.clone()), self.env.clone());
        let providers = OidcProviders::new(env, &config.people.providers, &rules.links, departures)?;
        Ok(PeopleParts {
            people: sql.clone(),
            standings: Arc::new(RememberedStandings::new(sql.clone())),
            members: sql.clone(),
            sign_ins: sql.clone(),
            factors: sql.clone(),
            identities: sql.clone(),
            providers: Arc::new(providers),
            tokens: Arc::new(JwtTokens::new(self.env.clone(), public_url, self.sql.clone(), sign_outs)),
            passwords: Arc::new(Argon2Passwords::new(self.env.clone(), Strength::default())?),
            attempts: Arc::new(RedisAttempts::new(self.redis.clone())),
            outbox: sql,
            rules,
        })
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
    pub(crate) fn worker(&self, config: &Config) -> WorkerPorts {
        let sql = Arc::new(self.sql.clone());
        WorkerPorts {
            workspaces: sql.clone(),
            plan: config.limits.plan(),
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
            outgoing: sql.clone(),
            mailer: Arc::clone(&self.mailer),
            exports: sql.clone(),
            sources: Sources::of(sql.clone()),
            removals: sql.clone(),
            traces: Arc::new(RedisTraces::new(self.redis.clone())),
            calls: Arc::new(RedisCalls::new(self.redis.clone())),
            public_url: config.server.public_url().into(),
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

    /// Lets go of every machine.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.limits.close().await;
        self.redis.close().await;
        self.sql.close().await?;
        Ok(())
    }
}

/// The way that mails take.
fn mailer(config: &Config) -> anyhow::Result<Arc<dyn Mailer>> {
    Ok(match &config.mail.smtp_url {
        _ if !config.mail.enabled => Arc::new(NoMail),
        Some(url) => Arc::new(SmtpMailer::new(url.expose(), &config.mail)?),
        None => Arc::new(KeptMail),
    })
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
