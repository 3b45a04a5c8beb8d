//! Takes this connector's share of the sessions and keeps an actor for each.

mod claim;
mod heartbeat;
mod pace;
mod roster;
mod share;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::{
    sync::Semaphore,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use wagate_domain::{
    ConnectorId, Env,
    ports::{Wake, WakeStream},
};

use crate::{
    census::Census,
    config::{ConnectorConfig, StartError},
    ports::{BackendFactory, ConnectorPorts},
    session::{Leave, Shared},
    turns::Turns,
    wa::Links,
};
use heartbeat::{Pulse, heartbeat};
use roster::Roster;

/// Least time between two rounds.
const BREATH: Duration = Duration::from_millis(200);

/// The long-lived process part that holds WhatsApp sockets.
#[derive(Debug)]
pub struct Connector;

/// A running connector. Dropping it only begins the shutdown; [`ConnectorHandle::shutdown`] waits for it.
#[derive(Debug)]
#[must_use = "dropping the handle stops the connector"]
pub struct ConnectorHandle {
    id: ConnectorId,
    stop: CancellationToken,
    census: Census,
    supervisor: Option<JoinHandle<()>>,
}

impl Connector {
    /// Starts a connector; must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] when the network does not fit the build or an address is refused.
    pub fn start(
        env: Env,
        config: ConnectorConfig,
        ports: ConnectorPorts,
        backends: Arc<dyn BackendFactory>,
    ) -> Result<ConnectorHandle, StartError> {
        let links = Links::new(&config.network, &config.device_name)?;
        let id = env.new_id();
        let census = Census::default();
        tracing::info!(connector = %id, "connector started");
        let shared = Arc::new(Shared {
            me: id,
            census: census.clone(),
            env,
            links,
            ports,
            backends,
            download_slots: Arc::new(Semaphore::new(config.media_downloads.max(1))),
            past_slots: Arc::new(Semaphore::new(1)),
            turns: Turns::new(config.sends_at_once),
            config,
        });
        let stop = CancellationToken::new();
        let pulse = Pulse::default();
        let roster = Roster::new(shared, pulse.clone());
        let supervisor = Supervisor { roster, pulse, soon: None, looked: Instant::now(), stop: stop.clone() };
        let supervisor = tokio::spawn(supervisor.run());
        Ok(ConnectorHandle { id, stop, census, supervisor: Some(supervisor) })
    }
}

impl ConnectorHandle {
    /// The connector's id, new at every start.
    #[must_use]
    pub const fn id(&self) -> ConnectorId {
        self.id
    }

    /// How many sessions it holds right now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.census.held()
    }

    /// Its count of sessions.
    #[must_use]
    pub fn census(&self) -> Census {
        self.census.clone()
    }

    /// Finishes sends under way, disconnects, hands the sessions over and says farewell.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(supervisor) = self.supervisor.take()
            && let Err(error) = supervisor.await
        {
            tracing::error!(%error, "the supervisor ended in disorder");
        }
    }
}

impl Drop for ConnectorHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Supervisor {
    roster: Roster,
    pulse: Pulse,
    /// A round that is due before the next poll.
    soon: Option<Instant>,
    looked: Instant,
    stop: CancellationToken,
}

impl Supervisor {
    async fn run(mut self) {
        let shared = Arc::clone(self.roster.shared());
        let still = CancellationToken::new();
        let beating = tokio::spawn(heartbeat(Arc::clone(&shared), self.pulse.clone(), still.clone()));
        let mut polls = tokio::time::interval(shared.config.poll_interval);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut wakes = self.subscribe().await;
        loop {
            let soon = self.soon;
            tokio::select! {
                () = self.stop.cancelled() => break,
                _ = polls.tick() => self.look().await,
                () = sleep_until(soon) => self.look().await,
                wake = wakes.next() => match wake {
                    Some(wake) => self.wake(wake),
                    None => wakes = self.subscribe().await,
                },
            }
        }
        self.roster.leave_all(Leave::HandOver).await;
        still.cancel();
        // the heartbeat says farewell at its end
        if let Err(error) = beating.await {
            tracing::error!(%error, "the heartbeat ended in disorder");
        }
    }

    fn wake(&mut self, wake: Wake) {
        let news = match wake {
            Wake::Session(session) => self.roster.wake(session),
            Wake::Everything => {
                self.roster.wake_all();
                true
            }
        };
        if news {
            // many wake-ups at once are one round
            self.soon = self.soon.or(Some(self.looked + BREATH));
        }
    }

    async fn look(&mut self) {
        self.soon = None;
        self.roster.look().await;
        self.looked = Instant::now();
        if self.roster.is_held_back() {
            self.soon = Some(self.looked + BREATH);
        }
    }

    /// The wake-ups; while they cannot be had, an endless stream without any (polling goes on).
    async fn subscribe(&self) -> WakeStream {
        match self.roster.shared().ports.calls.wakes().await {
            Ok(wakes) => wakes,
            Err(error) => {
                tracing::warn!(%error, "no wake-ups; trying again");
                let pause = self.roster.shared().config.poll_interval;
                futures::stream::once(async move {
                    tokio::time::sleep(pause).await;
                    Wake::Everything
                })
                .boxed()
            }
        }
    }
}

/// Waits until then, or for ever.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
