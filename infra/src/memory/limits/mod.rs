//! Limits taken ahead in small lots, so that a request of somebody who calls often costs no round trip.
//!
//! A lot is taken from what is left in Redis, so whatever is used here was counted before. What is held of a rate is void
//! after a moment ([`wagate_domain::limits::HOLD`]), and the rate's burst is less by what refills in that time; what is held
//! of a quota ends with its period. Nobody gets more than the rules say, whatever processes do or suffer.

mod lease;
mod purse;

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use purse::{Held, Purse};
use wagate_domain::{
    limits::{Charge, Decision, Payer, Spent},
    ports::{Limits, PortError, PortResult},
};

use crate::redis::RedisLimits;

/// What nobody has used for so long is given back.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often that is looked for.
const LOOK: Duration = Duration::from_millis(500);

/// [`Limits`] in front of Redis. Clones share what they hold.
#[derive(Clone)]
pub struct LeasedLimits(Arc<Inner>);

struct Inner {
    redis: RedisLimits,
    purses: RwLock<HashMap<Payer, Arc<Purse>>>,
    closed: AtomicBool,
}

impl std::fmt::Debug for LeasedLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeasedLimits").finish_non_exhaustive()
    }
}

impl LeasedLimits {
    /// In front of Redis; must be called within a tokio runtime.
    #[must_use]
    pub fn new(redis: RedisLimits) -> Self {
        let inner = Inner { redis, purses: RwLock::default(), closed: AtomicBool::new(false) };
        let inner = Arc::new(inner);
        tokio::spawn(tidy(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// Gives back everything that is held; from then on nothing is taken ahead.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.0.let_go(Duration::ZERO).await;
    }

    /// Asks for the next lots while the last ones are used up.
    fn refill(&self, payer: Payer, purse: Arc<Purse>) {
        let low = purse.refills();
        if low.is_empty() {
            return;
        }
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let asked = inner.ask(payer, &purse, &low).await;
            purse.refilled(&low);
            if let Err(error) = asked {
                tracing::debug!(error = &error as &dyn std::error::Error, "limits are asked for when needed");
            }
        });
    }
}

impl Inner {
    fn purse(&self, payer: Payer) -> Arc<Purse> {
        if let Some(purse) = self.purses.read().unwrap_or_else(PoisonError::into_inner).get(&payer) {
            return Arc::clone(purse);
        }
        let mut purses = self.purses.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(purses.entry(payer).or_default())
    }

    /// Takes what is missing from Redis. Charges of nothing ask for the next lot only.
    async fn ask(&self, payer: Payer, purse: &Purse, charges: &[Charge]) -> PortResult<Option<Decision>> {
        let turn = purse.turn().await;
        let asked = Instant::now();
        if charges.iter().any(|charge| charge.cost > 0) {
            // whoever had the turn before may have brought enough
            match purse.take(charges, asked) {
                Held::Enough(decision, _) | Held::Refused(decision) => return Ok(Some(decision)),
                Held::TooFew => {}
            }
        }
        let drawn = purse.draw(charges, asked);
        let ahead = Some(turn.waiting).filter(|_| !self.closed.load(Ordering::SeqCst));
        let wishes = purse.wishes(charges, &drawn, ahead, asked);
        match self.redis.lease(payer, &wishes).await {
            Ok(grant) => Ok(purse.settle(charges, drawn, &wishes, &grant, asked)),
            Err(error) => {
                purse.put_back(charges, drawn, asked);
                Err(error)
            }
        }
    }

    /// Gives back what nobody has used for so long.
    async fn let_go(&self, patience: Duration) {
        let purses: Vec<_> = {
            let purses = self.purses.read().unwrap_or_else(PoisonError::into_inner);
            purses.iter().map(|(payer, purse)| (*payer, Arc::clone(purse))).collect()
        };
        for (payer, purse) in purses {
            let returned = purse.let_go(Instant::now(), patience);
            if let Err(error) = self.redis.give_back(payer, &returned).await {
                // it stays used: less gets through, never more
                tracing::debug!(error = &error as &dyn std::error::Error, "limits were not given back");
            }
        }
        let mut purses = self.purses.write().unwrap_or_else(PoisonError::into_inner);
        // a purse that somebody holds may be filled at this moment
        purses.retain(|_, purse| Arc::strong_count(purse) > 1 || !purse.is_empty());
    }
}

/// Gives back now and then, as long as anybody holds the limits.
async fn tidy(limits: Weak<Inner>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(inner) = limits.upgrade() else { return };
        inner.let_go(PATIENCE).await;
    }
}

#[async_trait]
impl Limits for LeasedLimits {
    async fn take(&self, payer: Payer, charges: &[Charge]) -> PortResult<Option<Decision>> {
        if charges.is_empty() {
            return Ok(None);
        }
        let purse = self.0.purse(payer);
        match purse.take(charges, Instant::now()) {
            Held::Enough(decision, due) => {
                if due {
                    self.refill(payer, purse);
                }
                Ok(Some(decision))
            }
            Held::Refused(decision) => Ok(Some(decision)),
            Held::TooFew => {
                // a task of its own: what is taken must arrive here although the caller may hang up meanwhile
                let (inner, charges) = (Arc::clone(&self.0), charges.to_vec());
                let asked = tokio::spawn(async move { inner.ask(payer, &purse, &charges).await });
                asked.await.map_err(|error| PortError::Internal { what: "limits", source: error.into() })?
            }
        }
    }

    async fn give_back(&self, payer: Payer, spent: &[Spent]) -> PortResult<()> {
        let rest = self.0.purse(payer).keep(spent, Instant::now());
        self.0.redis.give_back(payer, &rest).await
    }
}
