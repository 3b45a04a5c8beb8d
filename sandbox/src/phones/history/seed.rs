//! Giving a phone a past, so that companions linked later have one to import.

use super::super::Simulated;
use super::super::app_state::Change;
use super::super::outbound::PastMessage;
use super::super::store::Inserted;
use crate::ports::PortResult;

/// A past: messages of any chats, and what the user did with them.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// In any order.
    pub messages: Vec<PastMessage>,
    /// Such as archived or pinned chats, and names of contacts.
    pub changes: Vec<Change>,
}

impl Simulated {
    /// Writes messages into a phone as if they had been there; nobody is sent anything. Answers how
    /// many messages were not there before.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or nobody with an author's number, `Refused` when
    /// somebody writes who is not in the chat or a message says nothing.
    pub async fn give_past(&self, pn: &str, mut past: Past) -> PortResult<usize> {
        let phone = self.phone(pn).await?;
        // the phone has seen them in the order of their times
        past.messages.sort_by_key(|message| message.time);
        let mut added = 0;
        for message in &past.messages {
            let entry = self.past_entry(&phone, message).await?;
            let mut tx = self.store.begin().await?;
            let inserted = entry.store(&mut tx, phone.pn(), self.clock.unix_millis()).await?;
            tx.commit().await.map_err(anyhow::Error::from)?;
            added += usize::from(inserted == Inserted::New);
        }
        for change in past.changes {
            self.change_app_state(phone.pn(), change).await?;
        }
        Ok(added)
    }
}
