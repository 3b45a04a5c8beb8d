//! What is left of what tenants and callers may use up, counted for all processes together.

use async_trait::async_trait;

use crate::{
    limits::{Charge, Decision, Payer, Spent},
    ports::PortResult,
};

/// Limits.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Uses things up, all that a payer is charged for or nothing. Over all processes never more than the rules
    /// say; a little less for a moment where a process has taken some ahead. `None` when nothing is charged.
    async fn take(&self, payer: Payer, charges: &[Charge]) -> PortResult<Option<Decision>>;

    /// Gives back what was taken of quotas and not used, unless its period is over. Rates refill by themselves.
    async fn give_back(&self, payer: Payer, spent: &[Spent]) -> PortResult<()>;
}
