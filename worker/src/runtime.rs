//! Where apalis runs the control jobs; the only file that names it.
//!
//! apalis-redis unpacks every due id at once and stops for good when some 8,000 wait, and it never
//! deletes finished records by itself. So each kind has at most [`PUSHED_AT_MOST`] jobs waiting (a tick is
//! pushed once, whatever the number of workers, and only when fewer wait), and finished ones are vacuumed.

use std::{sync::Arc, time::Duration};

use apalis::prelude::{BoxDynError, Data, TaskBuilder, TaskSink, WorkerBuilder};
use apalis_core::backend::Vacuum;
use apalis_redis::RedisStorage;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wagate_domain::{
    Env,
    media::Staging,
    ports::{MediaIndex, Objects},
};

use crate::{
    WorkerConfig, WorkerPorts,
    jobs::{
        JobError,
        sweep_uploads::{self, SweepUploads},
    },
};

/// Jobs of one kind that may wait at once.
pub const PUSHED_AT_MOST: u64 = 16;

/// Redis could not be reached for control jobs.
#[derive(Debug, thiserror::Error)]
#[error("control jobs cannot reach Redis: {0}")]
pub struct JobRuntimeError(#[from] redis::RedisError);

#[derive(Clone)]
struct Shelf {
    media: Arc<dyn MediaIndex>,
    objects: Arc<dyn Objects>,
}

/// Starts one apalis worker per kind and the ticker that pushes scheduled jobs.
pub(crate) async fn start(
    env: Env,
    config: &WorkerConfig,
    ports: &WorkerPorts,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(), JobRuntimeError> {
    let connection = apalis_redis::connect(config.redis_url.as_str()).await?;
    // the braces keep all keys of a queue in one slot of a cluster
    let queue = format!("{{{}:jobs:{}}}", config.prefix, sweep_uploads::KIND);
    let settings = apalis_redis::Config::default()
        .queue(&queue)
        .persist_results(false)
        .idempotency_ttl(Some(config.tick * 2));
    let storage = RedisStorage::<SweepUploads>::new(connection).with_config(settings);
    let shelf = Shelf { media: ports.media.clone(), objects: ports.objects.clone() };
    // apalis never returns the jobs of a worker whose name another living one carries
    let worker = WorkerBuilder::new(config.process.clone()).backend(storage.clone()).data(shelf).build(sweep);
    let stopped = stop.clone();
    tasks.spawn(async move {
        let until = async move {
            stopped.cancelled().await;
            Ok::<(), std::io::Error>(())
        };
        if let Err(error) = worker.run_until(until).await {
            tracing::error!(error = &error as &dyn std::error::Error, "control jobs stopped");
        }
    });
    tasks.spawn(tick(env, config.tick, storage, stop.clone()));
    Ok(())
}

async fn sweep(job: SweepUploads, shelf: Data<Shelf>) -> Result<(), BoxDynError> {
    let staging = Staging { index: shelf.media.as_ref(), objects: shelf.objects.as_ref() };
    match sweep_uploads::run(job, staging).await {
        Ok(gone) => {
            tracing::info!(job = sweep_uploads::KIND, gone, "job done");
            Ok(())
        }
        // the next tick is the retry of a sweep; apalis' own would only crowd the queue
        Err(error @ (JobError::Retry(_) | JobError::Fail(_))) => {
            metrics::counter!("wagate_job_failed_total", "kind" => sweep_uploads::KIND).increment(1);
            tracing::warn!(job = sweep_uploads::KIND, %error, "job failed");
            Ok(())
        }
    }
}

async fn tick(env: Env, every: Duration, mut storage: RedisStorage<SweepUploads>, stop: CancellationToken) {
    loop {
        if let Err(error) = push(&env, every, &mut storage).await {
            tracing::warn!(job = sweep_uploads::KIND, %error, "scheduled job not pushed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Pushes the job of the current tick unless another worker has, or too many wait.
async fn push(
    env: &Env,
    every: Duration,
    storage: &mut RedisStorage<SweepUploads>,
) -> Result<bool, BoxDynError> {
    let waiting = waiting(storage).await?;
    if waiting >= PUSHED_AT_MOST {
        return Err(format!("{waiting} wait already").into());
    }
    storage.vacuum_before(every).await?;
    let span = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    let tick = env.now().as_millis() / span * span;
    let task = TaskBuilder::new(SweepUploads { tick }).idempotency_key(tick.to_string()).build();
    storage.push_task(task).await?;
    Ok(true)
}

async fn waiting(storage: &mut RedisStorage<SweepUploads>) -> Result<u64, BoxDynError> {
    let (active, scheduled) =
        (storage.get_config().active_jobs_list(), storage.get_config().scheduled_jobs_set());
    let connection = storage.get_connection();
    let active: u64 = redis::cmd("LLEN").arg(active).query_async(connection).await?;
    let scheduled: u64 = redis::cmd("ZCARD").arg(scheduled).query_async(connection).await?;
    Ok(active + scheduled)
}
