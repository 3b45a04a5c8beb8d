//! Which webhooks are this worker's.

use std::{collections::BTreeSet, time::Duration};

use wagate_domain::{
    WebhookId,
    ports::{Duties, PortResult},
};

/// Lots that webhooks are dealt into: as many workers can share them.
const LOTS: u32 = 16;
/// After so long without a sign of life a worker's lots go to others.
const SILENCE: Duration = Duration::from_secs(15);

/// The lots this worker has.
#[derive(Debug)]
pub(super) struct Lots {
    process: String,
    ours: BTreeSet<u32>,
    /// To be given back once nobody of ours works on them.
    leaving: BTreeSet<u32>,
}

impl Lots {
    pub(super) const fn new(process: String) -> Self {
        Self { process, ours: BTreeSet::new(), leaving: BTreeSet::new() }
    }

    /// Whether a webhook is in one of them.
    pub(super) fn has(&self, webhook: WebhookId) -> bool {
        self.ours.contains(&lot_of(webhook))
    }

    /// Keeps what we have, takes what nobody has up to a fair share, and parts with what is more than that.
    pub(super) async fn share(&mut self, duties: &dyn Duties) -> PortResult<()> {
        let workers = duties.present(&self.process, SILENCE).await?;
        let share = LOTS.div_ceil(workers) as usize;
        for lot in self.ours.clone() {
            if !duties.take(&duty(lot), &self.process, SILENCE).await? {
                self.ours.remove(&lot);
            } else if self.ours.len() > share {
                self.ours.remove(&lot);
                self.leaving.insert(lot);
            }
        }
        for lot in 0..LOTS {
            if self.ours.len() >= share {
                break;
            }
            let free = !self.ours.contains(&lot) && !self.leaving.contains(&lot);
            if free && duties.take(&duty(lot), &self.process, SILENCE).await? {
                self.ours.insert(lot);
            }
        }
        Ok(())
    }

    /// Gives back what we part with and nobody works on; keeps the rest until then, so that nobody is told twice.
    pub(super) async fn hand_over(
        &mut self,
        duties: &dyn Duties,
        at_work: impl Iterator<Item = WebhookId>,
    ) -> PortResult<()> {
        let busy: BTreeSet<u32> = at_work.map(lot_of).collect();
        for lot in self.leaving.clone() {
            if !busy.contains(&lot) {
                duties.give_back(&duty(lot), &self.process).await?;
                self.leaving.remove(&lot);
            } else if !duties.take(&duty(lot), &self.process, SILENCE).await? {
                self.leaving.remove(&lot);
            }
        }
        Ok(())
    }

    /// Leaves everything to others.
    pub(super) async fn give_back(self, duties: &dyn Duties) {
        for lot in self.ours.iter().chain(&self.leaving) {
            // what cannot be said shows by our silence
            let _ = duties.give_back(&duty(*lot), &self.process).await;
        }
        let _ = duties.leave(&self.process).await;
    }
}

fn duty(lot: u32) -> String {
    format!("webhooks:{lot}")
}

fn lot_of(webhook: WebhookId) -> u32 {
    u32::try_from(webhook.ulid().random() % u128::from(LOTS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use wagate_domain::{
        Timestamp,
        ids::{Id, ulid},
    };
    use wagate_infra::{redis::RedisDuties, testing::RedisServer};

    use super::*;

    #[tokio::test]
    async fn a_lot_goes_to_another_worker_once_nobody_works_on_it() {
        let server = RedisServer::start().await;
        let duties = RedisDuties::new(server.connect().await);
        let (mut first, mut second) = (Lots::new("first".to_owned()), Lots::new("second".to_owned()));
        first.share(&duties).await.unwrap();
        assert_eq!(first.ours.len(), LOTS as usize, "alone, it has all");

        second.share(&duties).await.unwrap();
        assert!(second.ours.is_empty(), "nothing is free yet");
        first.share(&duties).await.unwrap();
        assert_eq!((first.ours.len(), first.leaving.len()), (8, 8));
        // one that still has its last word to say
        let busy = *first.leaving.first().unwrap();
        let webhook = WebhookId::from_ulid(ulid(Timestamp::from_millis(0), u128::from(busy)));
        first.hand_over(&duties, [webhook].into_iter()).await.unwrap();
        assert!(!first.has(webhook), "nobody new begins to tell it here");
        second.share(&duties).await.unwrap();
        assert_eq!(second.ours.len(), 7);
        assert!(!second.has(webhook), "nor there, before it has said it");

        first.hand_over(&duties, std::iter::empty()).await.unwrap();
        second.share(&duties).await.unwrap();
        assert_eq!(second.ours.len(), 8);
        assert!(second.has(webhook));
        assert!(first.ours.is_disjoint(&second.ours));
    }
}
