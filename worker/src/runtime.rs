//! Where apalis runs the control jobs; the only file that names it.
//!
//! apalis-redis unpacks every due id at once and stops for good when some 8,000 wait, and it never
//! deletes finished records by itself. So each kind has at most [`PUSHED_AT_MOST`] jobs waiting (a tick is
//! pushed once, whatever the number of workers, and only when fewer wait), and finished ones are vacuumed.

use std::{future::Future, time::Duration};

use apalis::prelude::{BoxDynError, Data, TaskBuilder, TaskSink, WorkerBuilder};
use apalis_core::backend::Vacuum;
use apalis_redis::RedisStorage;
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wagate_domain::{
    Env,
    media::Staging,
    messages::ReconcilePorts,
    retention::{ApplyPorts, Bounds},
};

use crate::{
    WorkerConfig, WorkerPorts,
    jobs::{
        JobError,
        apply_retention::{self, ApplyRetention},
        expire_overdue::{self, ExpireOverdue},
        requeue_lost::{self, RequeueLost},
        sweep_uploads::{self, SweepUploads},
    },
};

/// Jobs of one kind that may wait at once.
pub const PUSHED_AT_MOST: u64 = 16;

/// Pause before a worker takes the place of one that has ended.
const PAUSE: Duration = Duration::from_secs(1);

/// Redis could not be reached for control jobs.
#[derive(Debug, thiserror::Error)]
#[error("control jobs cannot reach Redis: {0}")]
pub struct JobRuntimeError(#[from] redis::RedisError);

/// A control job that is due at every tick of its own.
trait Ticking: Serialize + DeserializeOwned + Clone + Send + Sync + Unpin + 'static {
    /// Name of the job; part of its queue's name.
    const KIND: &'static str;

    /// The job of one tick, in milliseconds since the epoch.
    fn at(tick: i64) -> Self;

    /// Does it; returns how many things it changed.
    fn run(self, shelf: &Shelf) -> impl Future<Output = Result<u64, JobError>> + Send;
}

/// What jobs work with.
#[derive(Clone)]
struct Shelf {
    env: Env,
    ports: WorkerPorts,
    audit_kept: Duration,
}

impl Shelf {
    fn reconciling(&self) -> ReconcilePorts<'_> {
        let WorkerPorts { messages, sessions, lanes, log, .. } = &self.ports;
        ReconcilePorts { messages: &**messages, sessions: &**sessions, lanes: &**lanes, log: &**log }
    }
}

impl Shelf {
    fn retaining(&self) -> ApplyPorts<'_> {
        let WorkerPorts { media, objects, retention, workspaces, plan, .. } = &self.ports;
        let staging = Staging { index: &**media, objects: &**objects };
        let bounds = Bounds::default();
        ApplyPorts {
            bounds,
            retention: &**retention,
            workspaces: &**workspaces,
            plan,
            staging,
            audit: &*self.ports.sources.audit,
            audit_kept: self.audit_kept,
        }
    }
}

impl Ticking for SweepUploads {
    const KIND: &'static str = sweep_uploads::KIND;

    fn at(tick: i64) -> Self {
        Self { tick }
    }

    async fn run(self, shelf: &Shelf) -> Result<u64, JobError> {
        let WorkerPorts { media, objects, .. } = &shelf.ports;
        sweep_uploads::run(self, Staging { index: &**media, objects: &**objects }).await
    }
}

impl Ticking for ExpireOverdue {
    const KIND: &'static str = expire_overdue::KIND;

    fn at(tick: i64) -> Self {
        Self { tick }
    }

    async fn run(self, shelf: &Shelf) -> Result<u64, JobError> {
        expire_overdue::run(self, &shelf.env, shelf.reconciling()).await
    }
}

impl Ticking for RequeueLost {
    const KIND: &'static str = requeue_lost::KIND;

    fn at(tick: i64) -> Self {
        Self { tick }
    }

    async fn run(self, shelf: &Shelf) -> Result<u64, JobError> {
        requeue_lost::run(self, &shelf.env, shelf.reconciling()).await
    }
}

impl Ticking for ApplyRetention {
    const KIND: &'static str = apply_retention::KIND;

    fn at(tick: i64) -> Self {
        Self { tick }
    }

    async fn run(self, shelf: &Shelf) -> Result<u64, JobError> {
        apply_retention::run(self, shelf.retaining()).await
    }
}

/// Starts one apalis worker per kind, and the tickers that push them.
pub(crate) async fn start(
    env: Env,
    config: &WorkerConfig,
    ports: &WorkerPorts,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(), JobRuntimeError> {
    let runtime = Runtime {
        shelf: Shelf { env, ports: ports.clone(), audit_kept: config.audit_kept },
        process: config.process.clone(),
        prefix: config.prefix.clone(),
        connection: apalis_redis::connect(config.redis_url.as_str()).await?,
        tasks,
        stop,
    };
    runtime.start::<SweepUploads>(config.sweep_every);
    runtime.start::<ExpireOverdue>(config.reconcile_every);
    runtime.start::<RequeueLost>(config.reconcile_every);
    runtime.start::<ApplyRetention>(config.retention_every);
    Ok(())
}

struct Runtime<'a> {
    shelf: Shelf,
    process: String,
    prefix: String,
    connection: redis::aio::ConnectionManager,
    tasks: &'a TaskTracker,
    stop: &'a CancellationToken,
}

impl Runtime<'_> {
    fn start<J: Ticking>(&self, every: Duration) {
        // the braces keep all keys of a queue in one slot of a cluster
        let queue = format!("{{{}:jobs:{}}}", self.prefix, J::KIND);
        let settings = apalis_redis::Config::default()
            .queue(&queue)
            .persist_results(false)
            .idempotency_ttl(Some(every * 2));
        let storage = RedisStorage::<J>::new(self.connection.clone()).with_config(settings);
        let name = format!("{}-{}", self.process, J::KIND);
        self.tasks.spawn(work::<J>(name, storage.clone(), self.shelf.clone(), self.stop.clone()));
        self.tasks.spawn(tick(self.shelf.env.clone(), every, storage, self.stop.clone()));
    }
}

/// Works until told to stop. apalis ends a worker for good when a connection breaks, as at every restart of
/// Redis: another one follows it.
async fn work<J: Ticking>(name: String, storage: RedisStorage<J>, shelf: Shelf, stop: CancellationToken) {
    for life in 0_u64.. {
        // apalis never returns the jobs of a worker whose name another living one carries
        let worker = WorkerBuilder::new(format!("{name}-{life}"))
            .backend(storage.clone())
            .data(shelf.clone())
            .build(run::<J>);
        let stopped = stop.clone();
        let until = async move {
            stopped.cancelled().await;
            Ok::<(), std::io::Error>(())
        };
        if let Err(error) = worker.run_until(until).await {
            tracing::warn!(
                job = J::KIND,
                error = &error as &dyn std::error::Error,
                "control jobs start anew"
            );
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn run<J: Ticking>(job: J, shelf: Data<Shelf>) -> Result<(), BoxDynError> {
    match job.run(&shelf).await {
        Ok(changed) => {
            tracing::debug!(job = J::KIND, changed, "job done");
            metrics::counter!("wagate_job_changes_total", "kind" => J::KIND).increment(changed);
            Ok(())
        }
        // the next tick is the retry; apalis' own would only crowd the queue
        Err(error @ (JobError::Retry(_) | JobError::Fail(_))) => {
            metrics::counter!("wagate_job_failed_total", "kind" => J::KIND).increment(1);
            tracing::warn!(job = J::KIND, %error, "job failed");
            Ok(())
        }
    }
}

async fn tick<J: Ticking>(env: Env, every: Duration, mut storage: RedisStorage<J>, stop: CancellationToken) {
    loop {
        if let Err(error) = push(&env, every, &mut storage).await {
            tracing::warn!(job = J::KIND, %error, "scheduled job not pushed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Pushes the job of the current tick unless another worker has, or too many wait.
async fn push<J: Ticking>(
    env: &Env,
    every: Duration,
    storage: &mut RedisStorage<J>,
) -> Result<bool, BoxDynError> {
    let waiting = waiting(storage).await?;
    if waiting >= PUSHED_AT_MOST {
        return Err(format!("{waiting} wait already").into());
    }
    storage.vacuum_before(every).await?;
    let span = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    let tick = env.now().as_millis() / span * span;
    let task = TaskBuilder::new(J::at(tick)).idempotency_key(tick.to_string()).build();
    storage.push_task(task).await?;
    Ok(true)
}

async fn waiting<J: Ticking>(storage: &mut RedisStorage<J>) -> Result<u64, BoxDynError> {
    let (active, scheduled) =
        (storage.get_config().active_jobs_list(), storage.get_config().scheduled_jobs_set());
    let connection = storage.get_connection();
    let active: u64 = redis::cmd("LLEN").arg(active).query_async(connection).await?;
    let scheduled: u64 = redis::cmd("ZCARD").arg(scheduled).query_async(connection).await?;
    Ok(active + scheduled)
}
