//! apalis-redis, within the backlog that it survives: with some 8,000 waiting its worker stops for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use apalis::prelude::{BoxDynError, Data, ParallelizeExt, TaskSink, WorkerBuilder};
use apalis_redis::{Config, RedisStorage};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use wagate_benches::redis::Redis;

use super::{AT_ONCE, Round, TEXT};

/// Most messages that wait.
const BACKLOG: usize = 5_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Send {
    session: String,
    to: String,
    text: String,
}

#[derive(Debug, Default)]
struct Done {
    count: AtomicUsize,
    all: Notify,
}

async fn handle(_: Send, done: Data<Arc<Done>>) -> Result<(), BoxDynError> {
    if done.count.fetch_add(1, Ordering::Relaxed) + 1 == BACKLOG {
        done.all.notify_one();
    }
    Ok(())
}

/// Pushes a backlog, then handles it.
pub(crate) async fn round(redis: &Redis) -> Result<Round> {
    let held = redis.cpu()?;
    let connection = apalis_redis::connect(redis.url()).await?;
    let config = Config::default().queue("sends").batch_size(AT_ONCE).persist_results(false);
    let storage = RedisStorage::<Send>::new(connection).with_config(config);
    let begun = Instant::now();
    stream::iter(0..BACKLOG)
        .map(|_| {
            let mut storage = storage.clone();
            let send = Send {
                session: "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G".to_owned(),
                to: "+6281234567890".to_owned(),
                text: TEXT.to_owned(),
            };
            async move { storage.push(send).await.map_err(|error| anyhow!("{error}")) }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    let queued = begun.elapsed();
    let (done, begun) = (Arc::new(Done::default()), Instant::now());
    let worker = WorkerBuilder::new("bench")
        .backend(storage)
        .data(Arc::clone(&done))
        .parallelize(tokio::spawn)
        .build(handle);
    let running = tokio::spawn(worker.run());
    let all = tokio::time::timeout(Duration::from_secs(60), done.all.notified()).await;
    let took = begun.elapsed();
    running.abort();
    all.context("apalis stopped working")?;
    Ok(Round { messages: BACKLOG, queued, done: took, redis: redis.cpu()?.saturating_sub(held) })
}
