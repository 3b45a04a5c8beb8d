//! Pieces of history that a former owner of the session did not get into the log.

use wagate_domain::ports::PortResult;

use super::SqlBackend;
use crate::convert::announces_history;

/// Messages looked at: those that were under way when the former owner ended, which are few.
const MOST: u64 = 2_000;

/// An announcement whose piece is not on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// JID of the device that sent it.
    pub sender: String,
    /// WhatsApp's id of it.
    pub id: String,
}

impl SqlBackend {
    /// What is owed: announcements are kept, like every message that comes in, until the hook has taken them.
    pub(super) async fn owed(&self) -> PortResult<Vec<Owed>> {
        let pending = self.store.all_pending_inbound(MOST).await?;
        let announces = |message: &[u8]| {
            waproto::codec::message_decode(message).is_ok_and(|message| announces_history(&message))
        };
        let owed = pending.into_iter().filter(|(_, _, message)| announces(message));
        Ok(owed.map(|(sender, id, _)| Owed { sender, id }).collect())
    }
}
