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
}

impl Lots {
    pub(super) const fn new(process: String) -> Self {
        Self { process, ours: BTreeSet::new() }
    }

    /// Whether a webhook is in one of them.
    pub(super) fn has(&self, webhook: WebhookId) -> bool {
        self.ours.contains(&lot_of(webhook))
    }

    /// Keeps what we have, takes what nobody has up to a fair share, and gives back what is more than that.
    pub(super) async fn share(&mut self, duties: &dyn Duties) -> PortResult<()> {
        let workers = duties.present(&self.process, SILENCE).await?;
        let share = LOTS.div_ceil(workers) as usize;
        for lot in self.ours.clone() {
            let kept = self.ours.len() <= share && duties.take(&duty(lot), &self.process, SILENCE).await?;
            if !kept {
                self.ours.remove(&lot);
                duties.give_back(&duty(lot), &self.process).await?;
            }
        }
        for lot in 0..LOTS {
            if self.ours.len() >= share {
                break;
            }
            if !self.ours.contains(&lot) && duties.take(&duty(lot), &self.process, SILENCE).await? {
                self.ours.insert(lot);
            }
        }
        Ok(())
    }

    /// Leaves everything to others.
    pub(super) async fn give_back(self, duties: &dyn Duties) {
        for lot in &self.ours {
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
