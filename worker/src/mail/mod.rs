//! Empties the outbox of mail.
//!
//! One worker at a time has the outbox, and a mail is marked in the record before it is tried, so that two never try
//! the same one. What a mail server has taken is noted before anything else is done; a worker that dies in between
//! leaves the mail to be sent once more under the same Message-ID.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wagate_domain::{
    Env,
    mail::{MailPolicy, Outcome},
    ports::{Outgoing, PortError, PortResult},
};

use crate::{WorkerConfig, WorkerPorts};

/// How mail is sent.
#[derive(Debug, Clone, Copy)]
pub struct MailSettings {
    /// When to try again and when to give up.
    pub policy: MailPolicy,
    /// How long a try may take.
    pub patience: Duration,
}

impl Default for MailSettings {
    /// The default policy and 20 seconds.
    fn default() -> Self {
        Self { policy: MailPolicy::default(), patience: Duration::from_secs(20) }
    }
}

/// Name of the duty.
const DUTY: &str = "mail";
/// How often the outbox is looked into.
const LOOK: Duration = Duration::from_secs(1);
/// Beyond the longest try, a worker that fell silent is waited for so long.
const SILENCE: Duration = Duration::from_secs(15);
/// Beyond the longest try, a mail that was taken and of which nothing was noted is left alone for so long.
const HELD: Duration = Duration::from_mins(5);
/// Mails tried at the same time.
const AT_ONCE: u32 = 8;
/// What is left of a mail that was sent or given up is kept for so long.
const KEEP: Duration = Duration::from_hours(24 * 30);
/// How often what is left is looked through.
const TIDY: Duration = Duration::from_hours(1);
/// Mails deleted in one step.
const FORGET: u32 = 500;

/// Sends mail until told to stop.
pub(crate) async fn run(env: Env, ports: WorkerPorts, config: WorkerConfig, stop: CancellationToken) {
    let mut desk =
        Desk { env, ports, process: config.process, settings: config.mail, tidy_at: Instant::now() };
    let mut healthy = true;
    while !stop.is_cancelled() {
        let pause = match desk.step().await {
            Ok(true) => Duration::ZERO,
            Ok(false) => {
                healthy = true;
                LOOK
            }
            Err(error) => {
                report(&error, std::mem::replace(&mut healthy, false));
                LOOK
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    // what cannot be said shows by our silence
    let _ = desk.ports.duties.give_back(DUTY, &desk.process).await;
}

struct Desk {
    env: Env,
    ports: WorkerPorts,
    process: String,
    settings: MailSettings,
    /// When what is left of old mails is looked through next.
    tidy_at: Instant,
}

impl Desk {
    /// Tries what is due, a bounded number at once; says whether more may be due.
    async fn step(&mut self) -> PortResult<bool> {
        let patience = self.settings.patience;
        if !self.ports.duties.take(DUTY, &self.process, patience + SILENCE).await? {
            return Ok(false);
        }
        let now = self.env.now();
        let taken = self.ports.outgoing.take(now, now.plus(patience + HELD), AT_ONCE).await?;
        let more = taken.len() >= AT_ONCE as usize;
        join_all(taken.into_iter().map(|outgoing| self.send(outgoing))).await;
        self.tidy().await?;
        Ok(more)
    }

    async fn send(&self, outgoing: Outgoing) {
        let Outgoing { mail, tries } = &outgoing;
        let tried = self.ports.mailer.send(mail).await;
        let random = self.env.chance();
        let outcome = self.settings.policy.judge(mail, *tries, tried, self.env.now(), random);
        metrics::counter!("wagate_mails_total", "outcome" => outcome.name()).increment(1);
        if let Outcome::Later { answer, .. } | Outcome::Failed { answer } = &outcome {
            tracing::warn!(mail = %mail.id, kind = mail.letter.name(), tries, answer, outcome = outcome.name(), "mail.refused");
        }
        self.note(&outgoing, &outcome).await;
    }

    /// Notes what has become of a mail. Until that is done it could be sent twice, so it is tried as long as the mail
    /// is held for us.
    async fn note(&self, outgoing: &Outgoing, outcome: &Outcome) {
        let end = Instant::now() + HELD;
        loop {
            match self.ports.outgoing.settle(outgoing, outcome, self.env.now()).await {
                Ok(_) => return,
                Err(error) => {
                    let late = Instant::now() >= end;
                    tracing::warn!(mail = %outgoing.mail.id, late, error = &error as &dyn std::error::Error, "a mail's outcome is not on record");
                    if late {
                        return;
                    }
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn tidy(&mut self) -> PortResult<()> {
        if Instant::now() < self.tidy_at {
            return Ok(());
        }
        let gone = self.ports.outgoing.forget(self.env.now().minus(KEEP), FORGET).await?;
        // a full step means that there may be more
        self.tidy_at = Instant::now() + if gone >= u64::from(FORGET) { LOOK } else { TIDY };
        Ok(())
    }
}

/// One line when trouble begins, not one per attempt.
fn report(error: &PortError, first: bool) {
    if first {
        tracing::warn!(error = error as &dyn std::error::Error, "mail waits");
    }
}
