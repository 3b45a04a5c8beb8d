//! Does work later: reads the event log into SQL and runs control jobs.
//!
//! `store.rs` is a log consumer (of all workers, one at a time); `webhooks/` tells webhooks of events, each webhook from
//! one worker at a time; `mail/` empties the outbox; `exports/` writes exports and `deletions.rs`
//! removes workspaces; `jobs/` holds one control job per file,
//! run by apalis, whose types stay in `runtime.rs`. Only jobs whose number is bounded by design go
//! there; whatever exists once per message rides a lane or the log.

mod deletions;
mod exports;
pub mod jobs;
mod mail;
mod runtime;
mod store;
mod webhooks;

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wagate_domain::{
    Env,
    exports::Sources,
    ports::{
        Bell, Deliveries, Duties, EventLog, Exports, Lanes, MailQueue, Mailer, MediaIndex, Messages, Objects,
        Post, Projection, Removals, Retentions, SessionCalls, Sessions, ToldEvents, Traces, Webhooks,
        Workspaces,
    },
    workspaces::Plan,
};

pub use mail::MailSettings;
pub use runtime::{JobRuntimeError, PUSHED_AT_MOST};
pub use webhooks::WebhookSettings;

/// What a worker needs of the outside.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct WorkerPorts {
    /// The event log.
    pub log: Arc<dyn EventLog>,
    /// Which worker does what only one may do.
    pub duties: Arc<dyn Duties>,
    /// Event log → SQL.
    pub projection: Arc<dyn Projection>,
    /// What subscribers are told.
    pub told: Arc<dyn ToldEvents>,
    /// Calls those who read it.
    pub bell: Arc<dyn Bell>,
    /// Webhooks on record.
    pub webhooks: Arc<dyn Webhooks>,
    /// Deliveries on record.
    pub deliveries: Arc<dyn Deliveries>,
    /// Posts to webhooks.
    pub post: Arc<dyn Post>,
    /// Messages on record.
    pub messages: Arc<dyn Messages>,
    /// Sessions on record.
    pub sessions: Arc<dyn Sessions>,
    /// The queue of sends.
    pub lanes: Arc<dyn Lanes>,
    /// Media on record.
    pub media: Arc<dyn MediaIndex>,
    /// S3.
    pub objects: Arc<dyn Objects>,
    /// How long what is kept.
    pub retention: Arc<dyn Retentions>,
    /// Tenants.
    pub workspaces: Arc<dyn Workspaces>,
    /// The plan of a tenant that has none of its own.
    pub plan: Plan,
    /// The outbox of mail.
    pub outgoing: Arc<dyn MailQueue>,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Exports on record.
    pub exports: Arc<dyn Exports>,
    /// Where they are read from.
    pub sources: Sources,
    /// What the record keeps of deleted tenants.
    pub removals: Arc<dyn Removals>,
    /// What Redis keeps of them.
    pub traces: Arc<dyn Traces>,
    /// Calls to the connectors that hold sessions.
    pub calls: Arc<dyn SessionCalls>,
    /// Where people reach the API, without a slash at its end: for links in mails.
    pub public_url: Arc<str>,
}

/// How a worker runs.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Name of this process among the workers, unique at any time.
    pub process: String,
    /// Where apalis keeps control jobs (`redis://…` or `redis+unix://…`).
    pub redis_url: String,
    /// Put before the queue names of control jobs.
    pub prefix: String,
    /// How often abandoned uploads are swept.
    pub sweep_every: Duration,
    /// How often the queue and the record are compared.
    pub reconcile_every: Duration,
    /// How webhooks are told.
    pub webhooks: WebhookSettings,
    /// How often what is too old is deleted.
    pub retention_every: Duration,
    /// How often it is looked for workspaces that are to be exported or removed.
    pub workspaces_every: Duration,
    /// How long entries of the audit log are kept.
    pub audit_kept: Duration,
    /// How long the file of an export is kept.
    pub exports_kept: Duration,
    /// How mail is sent.
    pub mail: MailSettings,
}

/// A running worker.
#[derive(Debug)]
pub struct Worker {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Worker {
    /// Starts the log consumer and the job runtime.
    ///
    /// # Errors
    /// When apalis cannot reach Redis.
    pub async fn start(env: Env, config: WorkerConfig, ports: WorkerPorts) -> Result<Self, JobRuntimeError> {
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(store::run(ports.clone(), config.process.clone(), stop.clone()));
        tasks.spawn(store::trim(ports.log.clone(), stop.clone()));
        tasks.spawn(webhooks::run(env.clone(), ports.clone(), config.clone(), stop.clone()));
        tasks.spawn(mail::run(env.clone(), ports.clone(), config.clone(), stop.clone()));
        tasks.spawn(deletions::run(env.clone(), ports.clone(), config.clone(), stop.clone()));
        tasks.spawn(exports::run(env.clone(), ports.clone(), config.clone(), stop.clone()));
        runtime::start(env, &config, &ports, &tasks, &stop).await?;
        tasks.close();
        Ok(Self { stop, tasks })
    }

    /// Lets what is running finish, then ends.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}
