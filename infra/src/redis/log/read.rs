//! Reading the streams as a consumer of a group.

use std::time::{Duration, Instant};

use fred::prelude::{Client, ClientLike, Error, StreamsInterface, Value};
use futures::future::try_join_all;
use wagate_domain::{
    events::Event,
    ports::{Group, LogEntry, LogPosition, PortResult},
};

use super::RedisLog;
use crate::redis::{
    connect::{COMMAND_TIMEOUT, options},
    reply,
};

/// How often vanished consumers are looked for.
const LOOK_FOR_VANISHED: Duration = Duration::from_secs(5);
/// Pause between looks when a cluster's shards cannot be waited for in one command.
const CLUSTER_POLL: Duration = Duration::from_millis(50);

/// Who reads, and how much at a time.
#[derive(Clone, Copy)]
pub(super) struct Consumer<'a> {
    pub(super) group: Group,
    pub(super) name: &'a str,
    pub(super) count: u32,
}

/// Entries as Redis gives them, with their shards.
type Raw = Vec<(u16, Value)>;

impl RedisLog {
    /// What the consumer (or one that vanished) has taken and not acknowledged; when there is none, new entries.
    pub(super) async fn try_read(&self, consumer: Consumer<'_>, block: Duration) -> Result<Raw, Error> {
        let mut reader = self.readers.take(&self.redis, consumer.group, consumer.name).await?;
        if reader.is_to_look_for_vanished(LOOK_FOR_VANISHED.min(self.vanished)) {
            self.take_over(consumer).await?;
        }
        let own = self.read_from(reader.client(), consumer, "0", None).await?;
        let entries = match own.is_empty() {
            true => self.read_new(reader.client(), consumer, block).await?,
            false => own,
        };
        // not after a failure: a connection over which nothing came in time may be dead
        self.readers.put_back(reader);
        Ok(entries)
    }

    pub(super) async fn make_groups(&self, group: Group) -> Result<(), Error> {
        let client = self.redis.shared();
        let made = self.streams().into_iter().map(|stream| async move {
            match client.xgroup_create::<Value, _, _, _>(stream, group.name(), "0", true).await {
                Err(error) if !error.details().starts_with("BUSYGROUP") => Err(error),
                _ => Ok(()),
            }
        });
        try_join_all(made).await.map(drop)
    }

    async fn take_over(&self, consumer: Consumer<'_>) -> Result<(), Error> {
        let Consumer { group, name, count } = consumer;
        let client = self.redis.shared();
        let idle = u64::try_from(self.vanished.as_millis()).unwrap_or(u64::MAX);
        let taken = self.streams().into_iter().map(|stream| {
            let count = Some(u64::from(count));
            client.xautoclaim::<Value, _, _, _, _>(stream, group.name(), name, idle, "0-0", count, true)
        });
        try_join_all(taken).await.map(drop)
    }

    /// Entries from `from` on (`0`: taken before and not acknowledged; `>`: new).
    async fn read_from(
        &self,
        client: &Client,
        consumer: Consumer<'_>,
        from: &str,
        block: Option<Duration>,
    ) -> Result<Raw, Error> {
        let Consumer { group, name, count } = consumer;
        let client = client.with_options(&options(block.unwrap_or_default() + COMMAND_TIMEOUT));
        let block = block.map(|block| u64::try_from(block.as_millis()).unwrap_or(u64::MAX));
        let count = Some(u64::from(count));
        let read = |streams: Vec<String>, block| {
            let from = vec![from; streams.len()];
            client.xreadgroup::<Value, _, _, _, _>(group.name(), name, count, block, false, streams, from)
        };
        let streams = self.streams();
        if !self.redis.is_cluster() {
            return Ok(by_shard(&streams, read(streams.clone(), block).await?));
        }
        let answers = try_join_all(streams.iter().map(|stream| read(vec![stream.clone()], None))).await?;
        Ok(answers.into_iter().flat_map(|answer| by_shard(&streams, answer)).collect())
    }

    async fn read_new(&self, client: &Client, consumer: Consumer<'_>, block: Duration) -> Result<Raw, Error> {
        if !self.redis.is_cluster() {
            // a block of 0 would wait for ever
            let block = (!block.is_zero()).then_some(block);
            return self.read_from(client, consumer, ">", block).await;
        }
        let end = Instant::now() + block;
        loop {
            let entries = self.read_from(client, consumer, ">", None).await?;
            if !entries.is_empty() || Instant::now() >= end {
                return Ok(entries);
            }
            tokio::time::sleep(CLUSTER_POLL).await;
        }
    }
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
pub(super) fn entry(shard: u16, entry: Value) -> PortResult<LogEntry> {
    let mut parts = reply::list(entry)?.into_iter();
    let id = reply::text(&parts.next().unwrap_or(Value::Null))?;
    let fields = children(parts.next().unwrap_or(Value::Null));
    let json = fields.chunks_exact(2).find(|field| field[0].as_str().is_some_and(|name| name == "e"));
    let event = json.and_then(|field| reply::json::<Event>(&field[1]).ok());
    Ok(LogEntry { position: LogPosition { shard, id }, event })
}
