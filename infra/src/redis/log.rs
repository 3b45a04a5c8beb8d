//! The event log: one stream per shard.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use fred::prelude::{Client, ClientLike, Error, ErrorKind, StreamsInterface, Value};
use futures::future::try_join_all;
use tokio::sync::Mutex;
use wagate_domain::{
    events::Event,
    ports::{EventLog, Group, LogEntry, LogPosition, PortResult},
    sessions::SessionKey,
};

use super::{
    call::{garbled, port_error},
    connect::{COMMAND_TIMEOUT, Redis, options},
    lanes::millis,
    reply, scripts,
};
use crate::telemetry::names;

/// After so long without a sign of life a consumer's entries go to another.
const VANISHED: Duration = Duration::from_secs(30);
/// How often vanished consumers are looked for.
const LOOK_FOR_VANISHED: Duration = Duration::from_secs(5);
/// How long the name of an idle consumer that holds nothing is remembered.
const FORGET_CONSUMER: Duration = Duration::from_hours(24);
/// Most entries one step of a trim drops, so that Redis is never busy for long.
const TRIM_STEP: u32 = 10_000;
/// Most steps of one trim and shard.
const TRIM_STEPS: u32 = 100;
/// Pause between looks when a cluster's shards cannot be waited for in one command.
const CLUSTER_POLL: Duration = Duration::from_millis(50);

/// [`EventLog`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisLog {
    redis: Redis,
    vanished: Duration,
    readers: Arc<Mutex<HashMap<String, Reader>>>,
}

/// What a consumer of this process keeps between reads.
#[derive(Debug)]
struct Reader {
    // waiting for new entries blocks a connection, so each reader has its own
    client: Client,
    looked_for_vanished: Option<Instant>,
}

impl RedisLog {
    /// The log of a connected Redis.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis, vanished: VANISHED, readers: Arc::default() }
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

    /// The consumer's own connection, and whether vanished consumers are to be looked for now.
    async fn reader(&self, group: Group, consumer: &str) -> PortResult<(Client, bool)> {
        let mut readers = self.readers.lock().await;
        let name = reader_name(group, consumer);
        if !readers.contains_key(&name) {
            let client = self.redis.dedicated().await.map_err(port_error)?;
            readers.insert(name.clone(), Reader { client, looked_for_vanished: None });
        }
        let reader = readers.get_mut(&name).ok_or_else(|| garbled("the reader was just put here"))?;
        let pause = LOOK_FOR_VANISHED.min(self.vanished);
        let look = reader.looked_for_vanished.is_none_or(|then| then.elapsed() >= pause);
        if look {
            reader.looked_for_vanished = Some(Instant::now());
        }
        Ok((reader.client.clone(), look))
    }

    /// Closes the consumer's connection: nothing came over it in time, so it may be dead without
    /// having been told. The next read opens another.
    async fn forget_reader(&self, group: Group, consumer: &str) {
        let reader = self.readers.lock().await.remove(&reader_name(group, consumer));
        if let Some(reader) = reader {
            tokio::spawn(async move { drop(reader.client.quit().await) });
        }
    }

    async fn make_groups(&self, group: Group) -> PortResult<()> {
        let client = self.redis.shared();
        let made = self.streams().into_iter().map(|stream| async move {
            match client.xgroup_create::<Value, _, _, _>(stream, group.name(), "0", true).await {
                Err(error) if !error.details().starts_with("BUSYGROUP") => Err(port_error(error)),
                _ => Ok(()),
            }
        });
        try_join_all(made).await.map(drop)
    }

    async fn take_over(&self, group: Group, consumer: &str, count: u32) -> Result<(), Error> {
        let client = self.redis.shared();
        let idle = u64::try_from(self.vanished.as_millis()).unwrap_or(u64::MAX);
        let taken = self.streams().into_iter().map(|stream| {
            let count = Some(u64::from(count));
            client.xautoclaim::<Value, _, _, _, _>(stream, group.name(), consumer, idle, "0-0", count, true)
        });
        try_join_all(taken).await.map(drop)
    }

    /// Entries from `from` on (`0`: taken before and not acknowledged; `>`: new).
    async fn read_from(&self, reading: Reading<'_>, from: &str) -> Result<Vec<(u16, Value)>, Error> {
        let Reading { client, group, consumer, count, block } = reading;
        let client = client.with_options(&options(block.unwrap_or_default() + COMMAND_TIMEOUT));
        let block = block.map(|block| u64::try_from(block.as_millis()).unwrap_or(u64::MAX));
        let count = Some(u64::from(count));
        let read = |streams: Vec<String>, block| {
            let from = vec![from; streams.len()];
            client.xreadgroup::<Value, _, _, _, _>(group.name(), consumer, count, block, false, streams, from)
        };
        if !self.redis.is_cluster() {
            return Ok(by_shard(&self.streams(), read(self.streams(), block).await?));
        }
        let streams = self.streams();
        let answers = try_join_all(streams.iter().map(|stream| read(vec![stream.clone()], None))).await?;
        Ok(answers.into_iter().flat_map(|answer| by_shard(&streams, answer)).collect())
    }

    async fn read_new(&self, reading: Reading<'_>, block: Duration) -> Result<Vec<(u16, Value)>, Error> {
        if !self.redis.is_cluster() {
            let block = (!block.is_zero()).then_some(block);
            return self.read_from(Reading { block, ..reading }, ">").await;
        }
        let end = Instant::now() + block;
        loop {
            let entries = self.read_from(reading, ">").await?;
            if !entries.is_empty() || Instant::now() >= end {
                return Ok(entries);
            }
            tokio::time::sleep(CLUSTER_POLL).await;
        }
    }

    async fn try_read(
        &self,
        group: Group,
        consumer: &str,
        count: u32,
        block: Duration,
    ) -> PortResult<Result<Vec<(u16, Value)>, Error>> {
        let (client, look_for_vanished) = self.reader(group, consumer).await?;
        if look_for_vanished && let Err(error) = self.take_over(group, consumer, count).await {
            return Ok(Err(error));
        }
        let reading = Reading { client: &client, group, consumer, count, block: None };
        Ok(match self.read_from(reading, "0").await {
            Ok(own) if own.is_empty() => self.read_new(reading, block).await,
            answer => answer,
        })
    }
}

/// One reading of the streams.
#[derive(Clone, Copy)]
struct Reading<'a> {
    client: &'a Client,
    group: Group,
    consumer: &'a str,
    count: u32,
    block: Option<Duration>,
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
        let entries = match self.try_read(group, consumer, count, block).await? {
            Err(error) if error.details().starts_with("NOGROUP") => {
                self.make_groups(group).await?;
                self.try_read(group, consumer, count, block).await?
            }
            answer => answer,
        };
        match entries {
            Ok(entries) => entries.into_iter().map(|(shard, entry)| parse(shard, entry)).collect(),
            Err(error) => {
                if *error.kind() == ErrorKind::Timeout {
                    self.forget_reader(group, consumer).await;
                }
                Err(port_error(error))
            }
        }
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
}

fn reader_name(group: Group, consumer: &str) -> String {
    format!("{}/{consumer}", group.name())
}

/// Flattens an answer of XREADGROUP, `[[stream, [entry, …]], …]`, to entries with their shards.
fn by_shard(streams: &[String], answer: Value) -> Vec<(u16, Value)> {
    let mut entries = Vec::new();
    for part in children(answer) {
        let mut part = children(part).into_iter();
        let (Some(stream), Some(of_stream)) = (part.next(), part.next()) else { continue };
        let shard = stream.as_str().and_then(|name| streams.iter().position(|stream| *stream == *name));
        let Some(shard) = shard.and_then(|shard| u16::try_from(shard).ok()) else { continue };
        entries.extend(children(of_stream).into_iter().map(|entry| (shard, entry)));
    }
    entries
}

fn children(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// Reads an entry, `[id, [field, value, …]]`. What cannot be read is told as such, never skipped.
fn parse(shard: u16, entry: Value) -> PortResult<LogEntry> {
    let mut parts = reply::list(entry)?.into_iter();
    let id = reply::text(&parts.next().unwrap_or(Value::Null))?;
    let fields = children(parts.next().unwrap_or(Value::Null));
    let json = fields.chunks_exact(2).find(|field| field[0].as_str().is_some_and(|name| name == "e"));
    let event = json.and_then(|field| reply::json::<Event>(&field[1]).ok());
    Ok(LogEntry { position: LogPosition { shard, id }, event })
}
