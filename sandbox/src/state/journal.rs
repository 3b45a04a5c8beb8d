//! The single writer: group commit in order of arrival.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, anyhow};
use futures::future::BoxFuture;
use sqlx::{Connection, SqliteConnection, query};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::entry::{DedupeKey, DeviceKey, Entry, Placed};
use super::queue::{self, Queued};
use super::seen::Seen;
use super::statement::{AfterCommit, Statement, answered, wait};
use crate::trace::{Event, EventKind, Trace};

/// Jobs committed together at most.
const GROUP: usize = 512;
/// Jobs waiting before callers are held back.
const BACKLOG: usize = 8192;

/// Called with the entries that were new, after their commit; `None` when the commit failed.
type AfterAppend = Box<dyn FnOnce(Option<Vec<Placed>>) + Send>;
/// Called with what a queue holds, in the order of the journal.
type AfterLoad = Box<dyn FnOnce(Result<Vec<Queued>>) + Send>;

enum Job {
    Append { entries: Vec<Entry>, done: AfterAppend },
    Remove(Vec<i64>),
    Load { device: DeviceKey, after: i64, done: AfterLoad },
    Run(Statement),
}

/// Handle of the writer task.
pub(crate) struct Journal {
    jobs: mpsc::Sender<Job>,
    task: Mutex<Option<JoinHandle<()>>>,
    closing: tokio_util::sync::CancellationToken,
    trace: Arc<OnceLock<Trace>>,
    repeated: Arc<AtomicU64>,
}

impl Journal {
    /// Starts the writer on an open file.
    pub(super) async fn start(mut connection: SqliteConnection, queue_limit: u32) -> Result<Self> {
        let next_seq = queue::last_seq(&mut connection).await? + 1;
        let seen = Seen::load(&mut connection).await?;
        let (jobs, inbox) = mpsc::channel(BACKLOG);
        let closing = tokio_util::sync::CancellationToken::new();
        let trace = Arc::new(OnceLock::new());
        let writer = Writer {
            seen,
            next_seq,
            queue_limit,
            rows: Vec::new(),
            keys: Vec::new(),
            removals: Vec::new(),
            lengths: queue::lengths(&mut connection).await?,
            full: Vec::new(),
            trace: Arc::clone(&trace),
            repeated: Arc::default(),
            connection,
        };
        let repeated = Arc::clone(&writer.repeated);
        let task = tokio::spawn(writer.run(inbox, closing.clone()));
        Ok(Self { jobs, task: Mutex::new(Some(task)), closing, trace, repeated })
    }

    /// How many messages have come again under an id that their devices had been given already, since the start.
    pub(crate) fn repeated(&self) -> u64 {
        self.repeated.load(Ordering::Relaxed)
    }

    /// Queues entries. `done` runs after the commit, in the order of all jobs, with the
    /// entries that were not duplicates; it must not block.
    pub(crate) async fn append(
        &self,
        entries: Vec<Entry>,
        done: impl FnOnce(Option<Vec<Placed>>) + Send + 'static,
    ) -> Result<()> {
        self.send(Job::Append { entries, done: Box::new(done) }).await
    }

    /// Takes entries off their queues.
    pub(crate) async fn remove(&self, seqs: Vec<i64>) -> Result<()> {
        self.send(Job::Remove(seqs)).await
    }

    /// Reads a device's queue behind `after`, in the order of all jobs.
    pub(crate) async fn load(
        &self,
        device: DeviceKey,
        after: i64,
        done: impl FnOnce(Result<Vec<Queued>>) + Send + 'static,
    ) -> Result<()> {
        self.send(Job::Load { device, after, done: Box::new(done) }).await
    }

    /// Runs statements in the journal's order and waits for their commit.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        let (statement, receiver) = answered(work);
        self.send(Job::Run(statement)).await?;
        wait(receiver).await
    }

    /// Notes what full queues lose in a trace; only the first call counts.
    pub(crate) fn trace_drops(&self, trace: Trace) {
        self.trace.get_or_init(|| trace);
    }

    /// Finishes what is queued and stops.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "journal stopped badly");
        }
    }

    async fn send(&self, job: Job) -> Result<()> {
        self.jobs.send(job).await.ok().context("the store is closed")
    }
}

struct Writer {
    connection: SqliteConnection,
    seen: Seen,
    next_seq: i64,
    queue_limit: u32,
    rows: Vec<Placed>,
    keys: Vec<DedupeKey>,
    removals: Vec<i64>,
    /// How many stanzas each queue holds at most: counted when it may be too many, and not
    /// counted down in between.
    lengths: HashMap<DeviceKey, u32>,
    /// Queues that may hold too many.
    full: Vec<DeviceKey>,
    trace: Arc<OnceLock<Trace>>,
    repeated: Arc<AtomicU64>,
}

impl Writer {
    async fn run(mut self, mut inbox: mpsc::Receiver<Job>, closing: tokio_util::sync::CancellationToken) {
        loop {
            let first = tokio::select! {
                job = inbox.recv() => job,
                () = closing.cancelled(), if !inbox.is_closed() => {
                    inbox.close();
                    continue;
                }
            };
            let Some(first) = first else { break };
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(job) = inbox.try_recv()
            {
                group.push(job);
            }
            self.commit(group).await;
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "closing the network's file failed");
        }
    }

    async fn commit(&mut self, group: Vec<Job>) {
        let mut completions = Vec::with_capacity(group.len());
        let mut new_keys = Vec::new();
        let result = self.write(group, &mut completions, &mut new_keys).await;
        if let Err(error) = &result {
            tracing::error!(error = %format!("{error:#}"), "group commit failed");
            self.rows.clear();
            self.keys.clear();
            self.removals.clear();
            self.seen.forget(&new_keys);
            if let Err(error) = query("ROLLBACK").execute(&mut self.connection).await {
                tracing::warn!(%error, "rollback failed");
            }
        }
        for completion in completions {
            completion(result.is_ok());
        }
    }

    async fn write(
        &mut self,
        group: Vec<Job>,
        completions: &mut Vec<AfterCommit>,
        new_keys: &mut Vec<DedupeKey>,
    ) -> Result<()> {
        // Completions of jobs behind a failure must still run, so the failure is kept, not returned.
        let mut outcome = query("BEGIN IMMEDIATE")
            .execute(&mut self.connection)
            .await
            .map(drop)
            .map_err(anyhow::Error::from);
        for job in group {
            match job {
                Job::Append { entries, done } => {
                    let placed = self.place(entries, new_keys);
                    completions.push(Box::new(move |ok| done(ok.then_some(placed))));
                }
                Job::Remove(seqs) => self.removals.extend(seqs),
                Job::Load { device, after, done } => {
                    let flushed = self.flush().await;
                    let loaded = queue::load(&mut self.connection, device, after).await;
                    completions.push(Box::new(move |ok| {
                        done(if ok { loaded } else { Err(anyhow!("queue could not be read")) });
                    }));
                    outcome = outcome.and(flushed);
                }
                Job::Run(statement) => match self.run_statement(statement).await {
                    Ok(after) => completions.push(after),
                    Err(error) => outcome = outcome.and(Err(error)),
                },
            }
        }
        outcome?;
        self.flush().await?;
        self.trim().await?;
        query("COMMIT").execute(&mut self.connection).await?;
        Ok(())
    }

    fn place(&mut self, entries: Vec<Entry>, new_keys: &mut Vec<DedupeKey>) -> Vec<Placed> {
        let mut placed = Vec::with_capacity(entries.len());
        let mut repeated = false;
        for entry in entries {
            if let Some(key) = entry.dedupe {
                if !self.seen.insert(key) {
                    repeated |= entry.label.class == "message";
                    continue;
                }
                self.keys.push(key);
                new_keys.push(key);
            }
            if let Some(key) = entry.releases {
                self.seen.release(&key);
            }
            let Entry { target, label, stanza, .. } = entry;
            placed.push(Placed { seq: self.next_seq, target, label, stanza });
            self.next_seq += 1;
        }
        self.repeated.fetch_add(repeated.into(), Ordering::Relaxed);
        self.rows.extend(placed.iter().cloned());
        placed
    }

    async fn run_statement(&mut self, statement: Statement) -> Result<AfterCommit> {
        self.flush().await?;
        query("SAVEPOINT job").execute(&mut self.connection).await?;
        let (succeeded, after) = statement(&mut self.connection).await;
        if !succeeded {
            query("ROLLBACK TO job").execute(&mut self.connection).await?;
        }
        query("RELEASE job").execute(&mut self.connection).await?;
        Ok(after)
    }

    async fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        for row in &rows {
            let length = self.lengths.entry(row.target).or_default();
            *length += 1;
            if *length > self.queue_limit {
                self.full.push(row.target);
            }
        }
        queue::insert(&mut self.connection, &rows).await?;
        let keys = std::mem::take(&mut self.keys);
        self.seen.save(&keys, &mut self.connection).await?;
        let removals = std::mem::take(&mut self.removals);
        queue::remove(&mut self.connection, &removals).await
    }

    async fn trim(&mut self) -> Result<()> {
        let mut full = std::mem::take(&mut self.full);
        full.sort_unstable();
        full.dedup();
        for device in full {
            let dropped = queue::trim(&mut self.connection, device, self.queue_limit).await?;
            let length = queue::length(&mut self.connection, device).await?;
            self.lengths.insert(device, length);
            if dropped > 0 {
                tracing::warn!(%device, dropped, "queue is full, oldest stanzas dropped");
                if let Some(trace) = self.trace.get() {
                    let event = Event::new(EventKind::QueueDrop).of(Some(device));
                    trace.add(event.saying(format!("{dropped} dropped")));
                }
            }
        }
        Ok(())
    }
}
