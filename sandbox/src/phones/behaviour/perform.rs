//! Doing one planned step.

use super::super::Simulated;
use super::super::store::Status;
use super::plan::Step;
use super::runner::StoredPlan;
use crate::ports::PortResult;

impl Simulated {
    /// Does a planned step.
    pub(super) async fn perform(&self, stored: &StoredPlan) -> PortResult<()> {
        let pn = stored.pn.as_str();
        match &stored.plan.step {
            Step::Online(online) => self.set_presence(pn, *online).await,
            Step::Read { id } => self.read_message(pn, id).await.map(drop),
            Step::Type { chat, on } => self.type_in(pn, chat, *on, false).await,
            Step::Block { peer } => self.block(pn, peer, true).await,
            Step::Answer { chat, to, id, message } => {
                let sent = self.store.message_in(pn, chat, id).await?;
                if sent.is_some_and(|sent| sent.status > Status::Pending) {
                    // done before the process was stopped
                    return Ok(());
                }
                self.send_as(pn, message.outgoing(chat, to)?, id.clone()).await.map(drop)
            }
        }
    }
}
