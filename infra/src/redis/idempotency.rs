//! The memory of idempotency keys.

use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use wagate_domain::{
    WorkspaceId,
    ports::{Begun, Idempotency, PortResult, StoredAnswer},
};

use super::{call::garbled, connect::Redis, lanes::millis, reply, scripts};

/// How long a key is remembered.
const KEEP: Duration = Duration::from_hours(24);
/// How long a request may be silent before its key is given to the next attempt.
const RUNNING: Duration = Duration::from_secs(10);

/// [`Idempotency`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisIdempotency {
    redis: Redis,
    running: Duration,
}

impl RedisIdempotency {
    /// The memory of a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis, running: RUNNING }
    }

    /// Takes a request for vanished after `running` instead of ten seconds of silence.
    #[must_use]
    pub const fn vanished_after(mut self, running: Duration) -> Self {
        self.running = running;
        self
    }

    // keys are the caller's text of any length and alphabet; a hash is neither
    fn record(&self, workspace: WorkspaceId, key: &str) -> Vec<String> {
        let hash = hex::encode(Sha256::digest(key.as_bytes()));
        vec![self.redis.keys().idempotency(workspace, &hash)]
    }
}

#[async_trait]
impl Idempotency for RedisIdempotency {
    async fn begin(
        &self,
        workspace: WorkspaceId,
        key: &str,
        fingerprint: &str,
        seed: ulid::Ulid,
    ) -> PortResult<Begun> {
        let args = vec![fingerprint.into(), seed.to_string().into(), millis(self.running), millis(KEEP)];
        let answer = self.redis.run(&scripts::BEGIN, self.record(workspace, key), args).await?;
        let answer = reply::list(answer)?;
        let said = answer.first().map(reply::text).transpose()?.unwrap_or_default();
        match (said.as_str(), answer.get(1)) {
            ("fresh", Some(seed)) => {
                Ok(Begun::Fresh(ulid::Ulid::from_string(&reply::text(seed)?).map_err(garbled)?))
            }
            ("done", Some(answer)) => reply::json(answer).map(Begun::Done),
            ("running", _) => Ok(Begun::Running),
            ("mismatch", _) => Ok(Begun::Mismatch),
            _ => Err(garbled(format!("unexpected answer {said}"))),
        }
    }

    async fn renew(&self, workspace: WorkspaceId, key: &str) -> PortResult<()> {
        let args = vec![millis(self.running)];
        self.redis.run(&scripts::RENEW, self.record(workspace, key), args).await.map(drop)
    }

    async fn finish(&self, workspace: WorkspaceId, key: &str, answer: &StoredAnswer) -> PortResult<()> {
        let args = vec![reply::to_json(answer)?.into()];
        self.redis.run(&scripts::FINISH, self.record(workspace, key), args).await.map(drop)
    }

    async fn abandon(&self, workspace: WorkspaceId, key: &str) -> PortResult<()> {
        self.redis.run(&scripts::ABANDON, self.record(workspace, key), vec![]).await.map(drop)
    }

    async fn release(&self, workspace: WorkspaceId, key: &str) -> PortResult<()> {
        self.redis.run(&scripts::RELEASE_KEY, self.record(workspace, key), vec![]).await.map(drop)
    }
}
