//! Calls from the API to the connector that holds a session.

use std::time::Duration;

use async_trait::async_trait;
use fred::prelude::{Expiration, KeysInterface, ListInterface, PubsubInterface, Value};
use futures::try_join;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use wagate_domain::{
    ports::{PortResult, SessionCalls, WakeStream},
    sessions::{Command, CommandReply, Pairing, SessionKey},
};

use super::{
    call::port_error,
    connect::Redis,
    lanes::millis,
    reply, scripts,
    wakes::{subscribe, wake_text},
};

/// How long a command waits for an owner to take it.
const KEEP_COMMAND: Duration = Duration::from_mins(10);
/// Most commands that wait for an owner; the oldest go first.
const MAX_COMMANDS: u32 = 100;
/// How long a reply waits for its caller.
const KEEP_REPLY: Duration = Duration::from_mins(1);
/// How long a question for a pairing counts as somebody waiting for one.
const KEEP_WANTED: Duration = Duration::from_mins(5);
/// First and longest pause between looks for a reply.
const POLL: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// [`SessionCalls`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisCalls {
    redis: Redis,
}

/// A command as it waits for its owner.
#[derive(Serialize, Deserialize)]
struct Left {
    id: String,
    command: Command,
}

impl RedisCalls {
    /// Calls over a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }

    fn channel(&self, session: SessionKey) -> String {
        self.redis.keys().wake(self.redis.keys().shard(session.id))
    }

    // looking again and again keeps shared connections free for others while one caller waits
    async fn await_reply(&self, key: String, patience: Duration) -> PortResult<Option<CommandReply>> {
        let end = Instant::now() + patience;
        let (mut pause, longest) = POLL;
        loop {
            let found: Value = self.redis.shared().getdel(&key).await.map_err(port_error)?;
            if !found.is_null() {
                return reply::json(&found).map(Some);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            sleep(pause.min(left)).await;
            pause = (pause * 2).min(longest);
        }
    }
}

#[async_trait]
impl SessionCalls for RedisCalls {
    async fn announce(&self, session: SessionKey) -> PortResult<()> {
        let told = self.redis.shared().publish::<u64, _, _>(self.channel(session), wake_text(session)).await;
        told.map(drop).map_err(port_error)
    }

    async fn call(
        &self,
        session: SessionKey,
        command: &Command,
        patience: Duration,
    ) -> PortResult<Option<CommandReply>> {
        let left =
            Left { id: ulid::Ulid::from(rand::random::<u128>()).to_string(), command: command.clone() };
        let args = vec![
            reply::to_json(&left)?.into(),
            i64::from(MAX_COMMANDS).into(),
            millis(KEEP_COMMAND),
            self.channel(session).into(),
            wake_text(session).into(),
        ];
        self.redis.run(&scripts::LEAVE_COMMAND, vec![self.redis.keys().commands(session)], args).await?;
        if patience.is_zero() {
            return Ok(None);
        }
        self.await_reply(self.redis.keys().reply(session, &left.id), patience).await
    }

    async fn next_command(&self, session: SessionKey) -> PortResult<Option<(String, Command)>> {
        let commands = self.redis.keys().commands(session);
        loop {
            let next: Value = self.redis.shared().lpop(&commands, None).await.map_err(port_error)?;
            if next.is_null() {
                return Ok(None);
            }
            match reply::json::<Left>(&next) {
                Ok(Left { id, command }) => return Ok(Some((id, command))),
                // a command of another version: its caller learns from the missing reply
                Err(error) => tracing::error!(session.id = %session.id, ?error, "command.unreadable"),
            }
        }
    }

    async fn reply(&self, session: SessionKey, command: &str, reply: &CommandReply) -> PortResult<()> {
        let key = self.redis.keys().reply(session, command);
        let expire = Some(Expiration::PX(KEEP_REPLY.as_millis().try_into().unwrap_or(i64::MAX)));
        let json = reply::to_json(reply)?;
        self.redis.shared().set::<(), _, _>(key, json, expire, None, false).await.map_err(port_error)
    }

    async fn offer(&self, session: SessionKey, pairing: Option<&Pairing>) -> PortResult<()> {
        let key = self.redis.keys().offer(session);
        let Some(pairing) = pairing else {
            return self.redis.shared().del::<(), _>(key).await.map_err(port_error);
        };
        let (Pairing::Qr { expires_at, .. } | Pairing::Code { expires_at, .. }) = pairing;
        let expire = Some(Expiration::PXAT(expires_at.as_millis()));
        let json = reply::to_json(pairing)?;
        self.redis.shared().set::<(), _, _>(key, json, expire, None, false).await.map_err(port_error)
    }

    async fn offered(&self, session: SessionKey) -> PortResult<Option<Pairing>> {
        let client = self.redis.shared();
        let keys = self.redis.keys();
        let expire = Some(Expiration::PX(KEEP_WANTED.as_millis().try_into().unwrap_or(i64::MAX)));
        let (offer, ()) = try_join!(
            client.get::<Value, _>(keys.offer(session)),
            client.set::<(), _, _>(keys.wanted(session), "1", expire, None, false),
        )
        .map_err(port_error)?;
        if offer.is_null() { Ok(None) } else { reply::json(&offer).map(Some) }
    }

    async fn is_wanted(&self, session: SessionKey) -> PortResult<bool> {
        let asked = self.redis.shared().exists::<u64, _>(self.redis.keys().wanted(session)).await;
        asked.map(|there| there > 0).map_err(port_error)
    }

    async fn wakes(&self) -> PortResult<WakeStream> {
        subscribe(&self.redis).await
    }
}
