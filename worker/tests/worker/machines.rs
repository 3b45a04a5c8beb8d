//! Throw-away machines, and workers on them.

use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use wagate_domain::{
    Env,
    exports::Sources,
    ports::{EventLog, Group, Projection},
    workspaces::Plan,
};
use wagate_infra::{
    config::{OutboundConfig, RedisConfig, S3Config, Secret},
    http::GuardedPost,
    mail::NoMail,
    redis::{Redis, RedisBell, RedisCalls, RedisDuties, RedisLanes, RedisLog, RedisTraces},
    s3::{EmbeddedS3, S3},
    sql::Database,
    system,
    testing::{RedisServer, eventually, ring},
};
use wagate_worker::{MailSettings, WebhookSettings, Worker, WorkerConfig, WorkerPorts};

use crate::PATIENCE;

/// Redis, SQL and S3 of a test; they end with it.
pub(crate) struct Machines {
    pub(crate) env: Env,
    pub(crate) db: Database,
    pub(crate) redis: Redis,
    pub(crate) s3: S3,
    pub(crate) log: RedisLog,
    redis_config: RedisConfig,
    _redis: RedisServer,
    _s3: EmbeddedS3,
    _folder: TempDir,
}

impl Machines {
    /// On a database of its own, SQLite without a URL.
    pub(crate) async fn start(url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = RedisServer::start().await;
        let redis_config = server.config();
        let redis = Redis::connect(&redis_config).await.unwrap();
        let url = url.unwrap_or_else(|| format!("sqlite://{}", folder.path().join("sql").display()));
        let db = Database::open(&url, &ring()).await.unwrap();
        db.migrate().await.unwrap();
        let secret = Secret::from("test-secret");
        let address = "127.0.0.1:0".parse().unwrap();
        let storage = EmbeddedS3::start(&folder.path().join("s3"), address, "key", &secret).await.unwrap();
        let s3_config = S3Config {
            endpoint: Some(storage.endpoint()),
            access_key: "key".to_owned(),
            secret_key: secret,
            ..S3Config::default()
        };
        let s3 = S3::connect(&s3_config).await.unwrap();
        let log = RedisLog::new(redis.clone());
        Self {
            env: system::env(),
            db,
            redis,
            s3,
            log,
            redis_config,
            _redis: server,
            _s3: storage,
            _folder: folder,
        }
    }

    /// A worker under a name.
    pub(crate) async fn worker(&self, process: &str) -> Worker {
        let hour = Duration::from_hours(1);
        let config = WorkerConfig {
            process: process.to_owned(),
            redis_url: self.redis_config.url.as_ref().unwrap().expose().clone(),
            prefix: self.redis_config.prefix.clone(),
            sweep_every: hour,
            reconcile_every: hour,
            retention_every: hour,
            workspaces_every: Duration::from_secs(1),
            exports_kept: hour,
            audit_kept: hour * 24,
            webhooks: WebhookSettings::default(),
            mail: MailSettings::default(),
        };
        Worker::start(self.env.clone(), config, self.ports()).await.unwrap()
    }

    fn ports(&self) -> WorkerPorts {
        let (sql, redis) = (Arc::new(self.db.clone()), &self.redis);
        WorkerPorts {
            log: Arc::new(self.log.clone()),
            duties: Arc::new(RedisDuties::new(redis.clone())),
            projection: sql.clone(),
            told: sql.clone(),
            bell: Arc::new(RedisBell::new(redis.clone())),
            webhooks: sql.clone(),
            deliveries: sql.clone(),
            post: Arc::new(GuardedPost::new(&OutboundConfig::default()).unwrap()),
            messages: sql.clone(),
            sessions: sql.clone(),
            lanes: Arc::new(RedisLanes::new(redis.clone())),
            retention: sql.clone(),
            workspaces: sql.clone(),
            plan: Plan::default(),
            outgoing: sql.clone(),
            mailer: Arc::new(NoMail),
            exports: sql.clone(),
            sources: Sources::of(sql.clone()),
            removals: sql.clone(),
            traces: Arc::new(RedisTraces::new(redis.clone())),
            calls: Arc::new(RedisCalls::new(redis.clone())),
            public_url: "http://127.0.0.1".into(),
            media: sql,
            objects: Arc::new(self.s3.clone()),
        }
    }

    /// Stores what waits in the log, as a worker does.
    pub(crate) async fn store(&self) {
        while self.log.lag(Group::Store).await.unwrap() > 0 {
            let entries = self.log.read(Group::Store, "test", 100, Duration::from_secs(1)).await.unwrap();
            let events: Vec<_> = entries.iter().filter_map(|entry| entry.event.clone()).collect();
            self.db.apply(&events).await.unwrap();
            let positions: Vec<_> = entries.into_iter().map(|entry| entry.position).collect();
            self.log.ack(Group::Store, &positions).await.unwrap();
        }
    }

    /// Waits until the worker has read the log to its end.
    pub(crate) async fn stored_whole(&self) {
        let read = async || (self.log.lag(Group::Store).await.unwrap() == 0).then_some(());
        eventually(PATIENCE, "the log is read", read).await;
    }
}
