//! Polls that wait for votes.

use std::time::Duration;

use async_trait::async_trait;
use fred::prelude::{Expiration, KeysInterface, Value};
use wagate_domain::{
    Address,
    ports::{Poll, Polls, PortResult},
    sessions::SessionKey,
};

use super::{call::port_error, connect::Redis, reply};

/// How long a poll is kept; a later vote in it is on record without its options.
const KEEP: Duration = Duration::from_hours(90 * 24);

/// [`Polls`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisPolls {
    redis: Redis,
}

impl RedisPolls {
    /// Polls over a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl Polls for RedisPolls {
    async fn keep(
        &self,
        session: SessionKey,
        chat: &Address,
        stanza_id: &str,
        poll: &Poll,
    ) -> PortResult<()> {
        let key = self.redis.keys().poll(session, chat, stanza_id);
        let expire = Some(Expiration::PX(KEEP.as_millis().try_into().unwrap_or(i64::MAX)));
        let json = reply::to_json(poll)?;
        self.redis.shared().set::<(), _, _>(key, json, expire, None, false).await.map_err(port_error)
    }

    async fn find(&self, session: SessionKey, chat: &Address, stanza_id: &str) -> PortResult<Option<Poll>> {
        let key = self.redis.keys().poll(session, chat, stanza_id);
        let found: Value = self.redis.shared().get(key).await.map_err(port_error)?;
        if found.is_null() { Ok(None) } else { reply::json(&found).map(Some) }
    }
}
