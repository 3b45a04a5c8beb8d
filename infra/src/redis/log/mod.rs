//! The event log: one stream per shard.

mod read;
mod readers;

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use fred::prelude::{StreamsInterface, Value};
use futures::future::try_join_all;
use wagate_domain::{
    Timestamp,
    events::Event,
    ports::{EventLog, Group, LogEntry, LogPosition, PortResult},
    sessions::SessionKey,
};

use super::{call::port_error, connect::Redis, lanes::millis, reply, scripts};
use crate::telemetry::names;
use read::Consumer;
use readers::Readers;

/// After so long without a sign of life a consumer's entries go to another.
const VANISHED: Duration = Duration::from_secs(30);
/// How long the name of an idle consumer that holds nothing is remembered.
const FORGET_CONSUMER: Duration = Duration::from_hours(24);
/// Most entries one step of a trim drops, so that Redis is never busy for long.
const TRIM_STEP: u32 = 10_000;
/// Most steps of one trim and shard.
const TRIM_STEPS: u32 = 100;

/// [`EventLog`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisLog {
    redis: Redis,
    vanished: Duration,
    readers: Readers,
}

impl RedisLog {
    /// The log of a connected Redis.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis, vanished: VANISHED, readers: Readers::default() }
    }

    /// Takes entries over from consumers that have been silent for `vanished` instead of 30 seconds.
    #[must_use]
    pub fn taking_over_after(mut self, vanished: Duration) -> Self {
        self.vanished = vanished;
        self
    }

    fn streams(&self) -> Vec<String> {
        (0..self.redis.keys().shards()).map(|shard| self.redis.keys().stream(shard)).collect()
    }
}

#[async_trait]
impl EventLog for RedisLog {
    async fn append(&self, session: SessionKey, epoch: Option<u64>, events: &[Event]) -> PortResult<()> {
        let keys = self.redis.keys();
        let names = vec![keys.owner(session), keys.stream(keys.shard(session.id))];
        let mut args: Vec<Value> = vec![epoch.map_or_else(String::new, |epoch| epoch.to_string()).into()];
        for event in events {
            args.push(reply::to_json(event)?.into());
        }
        self.redis.run(&scripts::APPEND, names, args).await?;
        metrics::counter!(names::LOG_APPENDED).increment(events.len() as u64);
        Ok(())
    }

    async fn read(
        &self,
        group: Group,
        consumer: &str,
        count: u32,
        block: Duration,
    ) -> PortResult<Vec<LogEntry>> {
        let consumer = Consumer { group, name: consumer, count };
        let entries = match self.try_read(consumer, block).await {
            Err(error) if error.details().starts_with("NOGROUP") => {
                self.make_groups(group).await.map_err(port_error)?;
                self.try_read(consumer, block).await
            }
            answer => answer,
        };
        entries.map_err(port_error)?.into_iter().map(|(shard, entry)| read::entry(shard, entry)).collect()
    }

    async fn ack(&self, group: Group, positions: &[LogPosition]) -> PortResult<()> {
        let mut by_shard: HashMap<u16, Vec<&str>> = HashMap::new();
        for position in positions {
            by_shard.entry(position.shard).or_default().push(&position.id);
        }
        let client = self.redis.shared();
        let acks = by_shard.into_iter().map(|(shard, ids)| {
            client.xack::<u64, _, _, _>(self.redis.keys().stream(shard), group.name(), ids)
        });
        try_join_all(acks).await.map(drop).map_err(port_error)
    }

    async fn trim(&self) -> PortResult<u64> {
        let mut trimmed = 0;
        for stream in self.streams() {
            for _ in 0..TRIM_STEPS {
                let mut args = vec![i64::from(TRIM_STEP).into(), millis(FORGET_CONSUMER)];
                args.extend(Group::ALL.map(|group| Value::from(group.name())));
                match reply::number(&self.redis.run(&scripts::TRIM, vec![stream.clone()], args).await?)? {
                    0 => break,
                    dropped => trimmed += dropped,
                }
            }
        }
        Ok(trimmed)
    }

    async fn lag(&self, group: Group) -> PortResult<u64> {
        let lags = self.streams().into_iter().map(|stream| async {
            let args = vec![group.name().into()];
            reply::number(&self.redis.run(&scripts::LAG, vec![stream], args).await?)
        });
        Ok(try_join_all(lags).await?.into_iter().sum())
    }

    async fn oldest_unread(&self, group: Group) -> PortResult<Option<Timestamp>> {
        let oldest = self.streams().into_iter().map(|stream| async {
            let answer = self.redis.run(&scripts::OLDEST, vec![stream], vec![group.name().into()]).await?;
            Ok(answer.as_i64().filter(|moment| *moment >= 0))
        });
        Ok(try_join_all(oldest).await?.into_iter().flatten().min().map(Timestamp::from_millis))
    }
}
