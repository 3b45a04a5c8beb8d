//! Tells webhooks of events.
//!
//! Webhooks are dealt into lots; each lot is one worker's at a time, and workers share the lots evenly. A webhook has a
//! runner of its own in the worker that has its lot, so a slow endpoint delays nobody else. What is to be told is read
//! from the record by the webhook's cursor: an endpoint that is away for days piles up nothing anywhere.

mod attempt;
mod lots;
mod off;
mod runner;

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use wagate_domain::{
    Env, WebhookId,
    ports::{PortError, PortResult},
    webhooks::{Policy, Webhook},
};

use crate::{WorkerConfig, WorkerPorts};
use lots::Lots;
use runner::Runner;

/// How webhooks are told.
#[derive(Debug, Clone, Copy)]
pub struct WebhookSettings {
    /// When to try again and when to give up.
    pub policy: Policy,
    /// How long an endpoint may take to answer.
    pub patience: Duration,
    /// Most events under way to one endpoint.
    pub at_once: usize,
    /// Most events under way from one worker.
    pub at_once_in_all: usize,
}

impl Default for WebhookSettings {
    /// The default policy, 15 seconds, 8 and 512.
    fn default() -> Self {
        Self { policy: Policy::default(), patience: Duration::from_secs(15), at_once: 8, at_once_in_all: 512 }
    }
}

/// How often lots are shared out and webhooks looked through.
const LOOK: Duration = Duration::from_secs(1);
/// Places looked at at once to see whom events are for.
const STRIDE: u64 = 10_000;

/// Tells webhooks until told to stop.
pub(crate) async fn run(env: Env, ports: WorkerPorts, config: WorkerConfig, stop: CancellationToken) {
    let mut desk = Desk {
        env,
        lots: Lots::new(config.process),
        settings: config.webhooks,
        doors: Arc::new(Semaphore::new(config.webhooks.at_once_in_all)),
        runners: HashMap::new(),
        seen: None,
        ports,
    };
    let mut healthy = true;
    while !stop.is_cancelled() {
        let calls = tokio::select! {
            () = stop.cancelled() => break,
            calls = desk.ports.bell.listen() => calls,
        };
        let ended = match calls {
            Ok(calls) => desk.serve(calls, &stop).await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => healthy = true,
            Err(error) => report(&error, std::mem::replace(&mut healthy, false)),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    desk.close().await;
}

/// A runner at work.
struct Working {
    webhook: Webhook,
    poke: Arc<Notify>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

struct Desk {
    env: Env,
    ports: WorkerPorts,
    settings: WebhookSettings,
    lots: Lots,
    doors: Arc<Semaphore>,
    runners: HashMap<WebhookId, Working>,
    /// Up to where events have been looked at to see whom they are for.
    seen: Option<u64>,
}

impl Desk {
    async fn serve(
        &mut self,
        mut calls: futures::stream::BoxStream<'static, ()>,
        stop: &CancellationToken,
    ) -> PortResult<()> {
        let mut look = Instant::now();
        loop {
            if Instant::now() >= look {
                look = Instant::now() + LOOK;
                self.lots.share(&*self.ports.duties).await?;
                self.staff().await?;
                self.lots.hand_over(&*self.ports.duties, self.runners.keys().copied()).await?;
            }
            self.call_those_concerned().await?;
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(look) => {}
                call = calls.next() => if call.is_none() {
                    return Ok(());
                },
            }
        }
    }

    /// Starts runners of webhooks that have none, stops those of webhooks that are not ours (any more), and replaces
    /// those of webhooks that were changed.
    async fn staff(&mut self) -> PortResult<()> {
        // one that is ending has its last word with the database before another reads where to go on
        self.runners.retain(|_, working| !working.task.is_finished());
        let enabled = self.ports.webhooks.enabled().await?;
        let ours: HashMap<WebhookId, Webhook> = enabled
            .into_iter()
            .filter(|webhook| self.lots.has(webhook.id))
            .map(|webhook| (webhook.id, webhook))
            .collect();
        for (id, working) in &self.runners {
            if ours.get(id).is_none_or(|webhook| webhook.updated_at != working.webhook.updated_at) {
                working.stop.cancel();
            }
        }
        for (id, webhook) in ours {
            if !self.runners.contains_key(&id) {
                let working = self.employ(webhook);
                self.runners.insert(id, working);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("wagate_webhooks").set(self.runners.len() as f64);
        Ok(())
    }

    fn employ(&self, webhook: Webhook) -> Working {
        let (poke, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let runner = Runner::new(
            self.env.clone(),
            self.ports.clone(),
            self.settings,
            Arc::clone(&self.doors),
            webhook.clone(),
        );
        let task = tokio::spawn(runner.run(Arc::clone(&poke), stop.clone()));
        Working { webhook, poke, stop, task }
    }

    /// Looks at new events and wakes the runners of webhooks that want them.
    async fn call_those_concerned(&mut self) -> PortResult<()> {
        if self.runners.is_empty() {
            self.seen = None;
            return Ok(());
        }
        let Some(mut seen) = self.seen else {
            // runners look for themselves when they begin; from here on they are called
            self.seen = Some(self.ports.told.newest().await?);
            self.poke_all();
            return Ok(());
        };
        let newest = self.ports.told.newest().await?;
        while seen < newest {
            let until = newest.min(seen + STRIDE);
            let subjects = self.ports.told.subjects(seen, until).await?;
            for working in self.runners.values() {
                if subjects.iter().any(|subject| runner::wants(&working.webhook, subject)) {
                    working.poke.notify_one();
                }
            }
            seen = until;
            self.seen = Some(seen);
        }
        Ok(())
    }

    fn poke_all(&self) {
        for working in self.runners.values() {
            working.poke.notify_one();
        }
    }

    /// Lets what is under way end and gives the lots back.
    async fn close(self) {
        for working in self.runners.values() {
            working.stop.cancel();
        }
        for working in self.runners.into_values() {
            let _ = working.task.await;
        }
        self.lots.give_back(&*self.ports.duties).await;
    }
}

/// One line when trouble begins, not one per attempt.
fn report(error: &PortError, first: bool) {
    if first {
        tracing::warn!(error = error as &dyn std::error::Error, "webhooks wait");
    }
}
