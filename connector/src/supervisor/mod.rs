//! Takes this connector's share of the sessions and keeps an actor for each.

mod claim;
mod heartbeat;
mod roster;
mod share;

use std::sync::Arc;

use futures::StreamExt;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;
use wagate_domain::{ConnectorId, Env, ports::{Wake, WakeStream}};

use crate::{
    config::{ConnectorConfig, StartError},
    ports::{BackendFactory, ConnectorPorts},
    session::{Leave, Shared},
    wa::Links,
};
use heartbeat::heartbeat;
use roster::Roster;

/// The long-lived process part that holds WhatsApp sockets.
#[derive(Debug)]
pub struct Connector;

/// A running connector. Dropping it stops the process part without handing sessions over; prefer
/// [`ConnectorHandle::shutdown`].
#[derive(Debug)]
#[must_use = "dropping the handle stops the connector"]
pub struct ConnectorHandle {
    id: ConnectorId,
    stop: CancellationToken,
    held: watch::Receiver<usize>,
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
        let shared = Arc::new(Shared {
            me: id,
            env,
            links,
            ports,
            backends,
            download_slots: Arc::new(Semaphore::new(config.media_downloads.max(1))),
            config,
        });
        let stop = CancellationToken::new();
        let (count, held) = watch::channel(0);
        let supervisor = Supervisor { roster: Roster::new(shared, count), stop: stop.clone() };
        let supervisor = tokio::spawn(supervisor.run());
        Ok(ConnectorHandle { id, stop, held, supervisor: Some(supervisor) })
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
        *self.held.borrow()
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
    stop: CancellationToken,
}

impl Supervisor {
    async fn run(mut self) {
        let shared = Arc::clone(self.roster.shared());
        let still = CancellationToken::new();
        let beating = tokio::spawn(heartbeat(Arc::clone(&shared), still.clone()));
        let mut polls = tokio::time::interval(shared.config.poll_interval);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut wakes = self.subscribe().await;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                _ = polls.tick() => self.roster.look().await,
                wake = wakes.next() => match wake {
                    Some(wake) => self.wake(wake).await,
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

    async fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::Session(session) => {
                if !self.roster.wake(session) {
                    // perhaps a session that wants an owner
                    self.roster.look().await;
                }
            }
            Wake::Everything => {
                self.roster.wake_all();
                self.roster.look().await;
            }
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
