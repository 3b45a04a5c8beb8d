//! Feeds the simulated phones from their queues: in order per phone, a few phones at a time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use wacore_binary::Node;

use super::account::Account;
use super::exchange::Origin;
use super::phone_pump::Round;
use crate::core::Core;
use crate::faults::{Effect, Line, damage};
use crate::ports::Companion;
use crate::state::{DeviceKey, Queued};
use crate::trace::{Direction, Event, EventKind};
use crate::wire::decode_stored;

/// Stanzas of a queue that are read at a time.
const TURN: i64 = 32;
/// Attempts before a stanza that a phone cannot handle is dropped.
const ATTEMPTS: u32 = 3;

/// A stanza on its way to its phone.
struct Delivery {
    seq: i64,
    node: Node,
}

impl Core {
    /// Something was queued for a phone.
    pub(crate) fn wake_phone(self: &Arc<Self>, pn: u64) {
        if !self.stop.is_cancelled() && self.pump.mark(pn) {
            let core = Arc::clone(self);
            self.tasks.spawn(async move { core.feed_phone(pn).await });
        }
    }

    /// Feeds phones that had stanzas waiting when the network was stopped.
    pub(crate) async fn wake_waiting_phones(self: &Arc<Self>) -> Result<()> {
        for pn in self.state.waiting_phones().await? {
            self.wake_phone(pn);
        }
        Ok(())
    }

    /// Takes a phone's network away, for ever or for a time.
    pub(crate) async fn take_phone_offline(
        self: &Arc<Self>,
        account: &Arc<Account>,
        time: Option<Duration>,
    ) -> Result<()> {
        let switched = self.switch_phone(account, true).await?;
        let Some(time) = time else { return Ok(()) };
        // reckoned here: the task may begin after the clock was moved
        let back = self.clock.moment().after(time);
        let (core, account) = (Arc::clone(self), Arc::clone(account));
        self.tasks.spawn(async move {
            tokio::select! {
                () = core.clock.sleep_until(back) => {}
                () = switched.cancelled() => return,
                () = core.stop.cancelled() => return,
            }
            if let Err(error) = core.bring_phone_online(&account).await {
                tracing::error!(pn = account.pn, error = %format!("{error:#}"), "phone did not come back");
            }
        });
        Ok(())
    }

    /// Gives a phone its network back: it is fed what has waited, and companions that it could
    /// not introduce meanwhile are introduced.
    pub(crate) async fn bring_phone_online(self: &Arc<Self>, account: &Arc<Account>) -> Result<()> {
        self.switch_phone(account, false).await.map(drop)
    }

    async fn switch_phone(
        self: &Arc<Self>,
        account: &Arc<Account>,
        offline: bool,
    ) -> Result<CancellationToken> {
        let (changed, switched) = self.pump.set_offline(account.pn, offline);
        if !changed {
            return Ok(switched);
        }
        let phone = Origin { account: Arc::clone(account), device: 0 };
        let now = if offline { "offline" } else { "online" };
        self.trace.add(Event::new(EventKind::Phone).of(Some(phone.key())).saying(now));
        if offline {
            self.mark_presence(&phone, false);
            return Ok(switched);
        }
        self.wake_phone(account.pn);
        for Companion { device, .. } in account.companions() {
            let companion = Origin { account: Arc::clone(account), device };
            if self.live.conn(companion.key()).is_some() {
                self.companion_ready(&companion);
            }
        }
        Ok(switched)
    }

    async fn feed_phone(self: Arc<Self>, pn: u64) {
        let mut line = Line::new(self.clock.clone());
        while !self.stop.is_cancelled() {
            let rung = self.pump.bell.notified();
            let outcome = match self.pump.next(pn, !line.is_empty()) {
                Round::Stop => return,
                Round::Read(cursor) => self.turn(pn, cursor, &mut line).await,
                Round::Rewind => {
                    line = Line::new(self.clock.clone());
                    self.rewind(pn).await
                }
                Round::Wait => {
                    tokio::select! {
                        () = line.wait_due() => {}
                        () = rung => {}
                        () = self.stop.cancelled() => {}
                    }
                    self.hand_over_due(pn, &mut line).await
                }
            };
            if let Err(error) = outcome {
                tracing::error!(pn, error = %format!("{error:#}"), "a phone's queue cannot be read");
                tokio::time::sleep(Duration::from_millis(200)).await;
                self.pump.mark(pn);
            }
        }
    }

    /// Waits until every removal so far can be seen in the queue.
    async fn rewind(&self, pn: u64) -> Result<()> {
        let (seen, done) = oneshot::channel();
        let device = DeviceKey { pn, device: 0 };
        let answer = move |queued: Result<Vec<Queued>>| drop(seen.send(queued));
        self.state.journal().load(device, i64::MAX, answer).await?;
        done.await.context("the store is closed")??;
        self.pump.advance(pn, 0, true);
        Ok(())
    }

    async fn turn(&self, pn: u64, mut cursor: i64, line: &mut Line<Delivery>) -> Result<()> {
        let batch = self.state.peek_queue(DeviceKey { pn, device: 0 }, cursor, TURN).await?;
        let more = i64::try_from(batch.len())? == TURN;
        for queued in batch {
            if self.stop.is_cancelled() || self.pump.is_offline(pn) {
                break;
            }
            cursor = queued.seq;
            self.put(pn, queued, line).await?;
            self.hand_over_due(pn, line).await?;
        }
        self.pump.advance(pn, cursor, more);
        Ok(())
    }

    /// Puts a queued stanza on its way to the phone, as faults want it.
    async fn put(&self, pn: u64, Queued { seq, stanza }: Queued, line: &mut Line<Delivery>) -> Result<()> {
        let mut node = match decode_stored(&stanza) {
            Ok(node) => node,
            Err(error) => {
                tracing::error!(pn, error = %format!("{error:#}"), "queued stanza is damaged");
                return self.state.journal().remove(vec![seq]).await;
            }
        };
        let tap = self.tap_on_phone(pn);
        let effect = tap.and_then(|tap| tap.stanza(Direction::Out, &node, None));
        match &effect {
            // It stays in the queue, as it does for a client.
            Some(Effect::Drop) => return Ok(()),
            Some(Effect::Duplicate) => line.put(Delivery { seq, node: node.clone() }, None),
            Some(Effect::DamageEnc) => damage(&mut node),
            _ => {}
        }
        line.put(Delivery { seq, node }, effect.as_ref());
        Ok(())
    }

    async fn hand_over_due(&self, pn: u64, line: &mut Line<Delivery>) -> Result<()> {
        for Delivery { seq, node } in line.due() {
            let Ok(_slot) = self.pump.slots.acquire().await else { return Ok(()) };
            self.hand_over(pn, node).await;
            self.state.journal().remove(vec![seq]).await?;
        }
        Ok(())
    }

    async fn hand_over(&self, pn: u64, node: Node) {
        let Ok(phones) = self.phones() else { return };
        let pn = pn.to_string();
        for attempt in 1..=ATTEMPTS {
            match phones.deliver(&pn, node.clone()).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(pn, attempt, tag = %node.tag, %error, "phone cannot take a stanza");
                    tokio::time::sleep(Duration::from_millis(20 * u64::from(attempt))).await;
                }
            }
        }
        tracing::error!(pn, tag = %node.tag, "stanza for a phone dropped");
    }
}
