//! The storm: carries out the plan while messages are accepted.

mod plan;
mod sockets;
mod takeover;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures::future::try_join_all;
use rustix::process::Signal;
use tokio::{sync::watch, task::JoinHandle};

use crate::{cast::Role, say, world::World};
pub(crate) use plan::{Step, Strike, plan};
pub(crate) use sockets::lose_acks;
pub(crate) use takeover::Takeover;

/// What the storm did.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// Strikes by kind.
    pub(crate) strikes: BTreeMap<String, usize>,
    /// Sessions that changed hands.
    pub(crate) takeovers: Vec<Takeover>,
}

/// Carries out a plan.
pub(crate) struct Storm {
    world: Arc<World>,
    begun: Instant,
    damage: Arc<Mutex<Damage>>,
    /// What a strike has set going and must come to its end.
    aftermath: Vec<JoinHandle<Result<()>>>,
}

impl Storm {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world, begun: Instant::now(), damage: Arc::default(), aftermath: Vec::new() }
    }

    /// Strikes at the moments of the plan; returns when everything it has set going is over.
    pub(crate) async fn rage(
        mut self,
        plan: Vec<Step>,
        mut accepted: watch::Receiver<usize>,
    ) -> Result<Damage> {
        for Step { at, strike } in plan {
            // the callers are gone when one of them gave up: then there is nothing to disturb
            if accepted.wait_for(|count| *count >= at).await.is_err() {
                break;
            }
            say(&format!("{:>7.1} s  {strike}", self.begun.elapsed().as_secs_f64()));
            let kind = strike.kind();
            self.strike(strike).await.with_context(|| kind.clone())?;
            *lock(&self.damage).strikes.entry(kind).or_default() += 1;
        }
        for outcome in try_join_all(std::mem::take(&mut self.aftermath)).await? {
            outcome?;
        }
        Ok(std::mem::take(&mut lock(&self.damage)))
    }

    async fn strike(&mut self, strike: Strike) -> Result<()> {
        let world = Arc::clone(&self.world);
        match strike {
            Strike::Kill { role: Role::Connector, slot } => self.bereave(slot, false).await,
            Strike::Kill { role, slot } => world.cast.kill(role, slot).await.map(drop),
            Strike::Roll { slot } => self.bereave(slot, true).await,
            Strike::Freeze { slot } => self.freeze(slot).await,
            Strike::RestartRedis { killed } => {
                self.signal_redis(if killed { Signal::KILL } else { Signal::TERM }).await
            }
            Strike::PauseRedis { millis } => {
                self.signal_redis(Signal::STOP).await?;
                tokio::time::sleep(Duration::from_millis(millis)).await;
                world.machines.signal_redis(Signal::CONT)
            }
            Strike::Cut { sockets, amid_frame } => sockets::cut(&world, sockets, amid_frame).await,
            Strike::HalfOpen { sockets } => sockets::half_open(&world, sockets).await,
            Strike::LoseAcks { session, times } => sockets::lose_acks(&world, session, times).await,
            Strike::DelayAcks { session, times, millis } => {
                sockets::delay_acks(&world, session, times, millis).await
            }
            Strike::DoubleMessages { session, times } => {
                sockets::double(&world, session, "message", times).await
            }
            Strike::DoubleReceipts { session, times } => {
                sockets::double(&world, session, "receipt", times).await
            }
        }
    }

    /// A connector goes, for good or in order; its sessions are watched until others hold them.
    async fn bereave(&mut self, slot: usize, in_order: bool) -> Result<()> {
        let cast = &self.world.cast;
        // one that sleeps does not hear that it shall end
        if in_order && cast.is_frozen(slot).await {
            return Ok(());
        }
        let owned = takeover::owned(&self.world, slot).await;
        let since = Instant::now();
        let gone = if in_order {
            cast.roll(Role::Connector, slot).await?
        } else {
            cast.kill(Role::Connector, slot).await?
        };
        let how = if in_order { "ended in order" } else { "killed" };
        if let Some(gone) = gone {
            let (world, damage) = (Arc::clone(&self.world), Arc::clone(&self.damage));
            self.aftermath.push(tokio::spawn(async move {
                let taken = takeover::watch(&world, how, gone, owned, since).await?;
                lock(&damage).takeovers.extend(taken);
                Ok(())
            }));
        }
        Ok(())
    }

    /// A connector sleeps until others hold its sessions, then wakes and has to find out.
    async fn freeze(&mut self, slot: usize) -> Result<()> {
        let (slot, owned) = takeover::holder(&self.world, slot).await;
        let since = Instant::now();
        let Some((id, frozen)) = self.world.cast.freeze(slot).await? else { return Ok(()) };
        let (world, damage) = (Arc::clone(&self.world), Arc::clone(&self.damage));
        self.aftermath.push(tokio::spawn(async move {
            let taken = takeover::watch(&world, "asleep", id, owned, since).await;
            // it must wake whatever came of it
            world.cast.wake(frozen).await?;
            lock(&damage).takeovers.extend(taken?);
            Ok(())
        }));
        Ok(())
    }

    /// A server that a moment ago was restarted is signalled when it is there again.
    async fn signal_redis(&self, signal: Signal) -> Result<()> {
        wagate_tests::eventually("a redis-server to strike", || async {
            self.world.redis.ping().await.ok()?;
            self.world.machines.signal_redis(signal).ok()
        })
        .await;
        Ok(())
    }
}

fn lock(damage: &Mutex<Damage>) -> std::sync::MutexGuard<'_, Damage> {
    damage.lock().unwrap_or_else(PoisonError::into_inner)
}
