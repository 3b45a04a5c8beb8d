//! The machines behind the processes: Redis with its append-only file, SQL, object storage.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use wagate_infra::{
    config::{RedisConfig, S3Config},
    redis::{Redis, RedisChild},
    s3::EmbeddedS3,
    testing::{Postgres, RING_KEY},
};

use crate::settings::Db;

/// Everything that outlives the processes that are killed.
#[derive(Debug)]
pub(crate) struct Machines {
    folder: PathBuf,
    redis: RedisChild,
    /// Serves for as long as it is held.
    _s3: EmbeddedS3,
    _postgres: Option<Postgres>,
    /// URL of the database.
    pub(crate) database: String,
    /// Variables that lead a process here.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Machines {
    pub(crate) async fn start(folder: &Path, db: Db) -> Result<Self> {
        let redis = RedisChild::start(folder).await?;
        let config = S3Config::default();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let s3 = EmbeddedS3::start(&folder.join("s3"), any, &config.access_key, &config.secret_key).await?;
        let postgres = match db {
            Db::Sqlite => None,
            Db::Postgres => Some(Postgres::start().await),
        };
        let database = match &postgres {
            Some(server) => server.database().await,
            None => format!("sqlite://{}", folder.join("wagate.db").display()),
        };
        let variables = vec![
            ("WAGATE_DATA_DIR", folder.display().to_string()),
            ("REDIS_URL", redis.url().expose().clone()),
            ("DATABASE_URL", database.clone()),
            ("S3_ENDPOINT", s3.endpoint()),
            ("WAGATE_ENCRYPTION__KEYS", format!("[\"{RING_KEY}\"]")),
        ];
        Ok(Self { folder: folder.to_owned(), redis, _s3: s3, _postgres: postgres, database, variables })
    }

    /// A connection of our own.
    pub(crate) async fn connect(&self) -> Result<Redis> {
        let config = RedisConfig { url: Some(self.redis.url().clone()), ..RedisConfig::default() };
        Ok(Redis::connect(&config).await?)
    }

    /// Sends the redis-server a signal. One that ends is started again, on the same files.
    pub(crate) fn signal_redis(&self, signal: Signal) -> Result<()> {
        let file = self.folder.join("redis/redis.pid");
        let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        let pid = text.trim().parse().ok().and_then(Pid::from_raw).context("no process in redis.pid")?;
        // a server that was killed a moment ago has left its file behind; whoever has its number now is not ours
        let command = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
        anyhow::ensure!(
            String::from_utf8_lossy(&command).contains("redis.sock"),
            "redis-server is not there"
        );
        kill_process(pid, signal).context("signal redis-server")
    }

    pub(crate) async fn stop(self) {
        self.redis.stop().await;
    }
}
