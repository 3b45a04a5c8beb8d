//! What all phones of the network were shown, for tests that judge "once, and in order".

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Simulated;
use super::store::Page;
use crate::ports::PortResult;

/// One incoming message of one phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InboxEntry {
    /// Order in which the phones of this network saw their messages.
    pub seq: i64,
    /// Number of the phone, digits.
    pub phone: String,
    /// Peer's number, or the JID of a group.
    pub chat: String,
    /// Place in the chat, from 1 and without gaps; own messages have one, too.
    pub position: i64,
    /// Number of the author, digits.
    pub from: String,
    /// Stanza id.
    pub id: String,
    /// `text`, `image`, `reaction`, …
    pub r#type: String,
    /// Text or caption.
    pub text: Option<String>,
    /// Unix seconds, as the network said.
    pub time: i64,
    /// True while no stanza of it could be decrypted.
    pub undecryptable: bool,
    /// Stanzas of it that could not be decrypted.
    pub retries: i64,
    /// Stanzas of it that came after the one shown.
    pub duplicates: i64,
    /// When they came, in unix milliseconds; the first hundred.
    pub duplicate_times: Vec<i64>,
}

/// Which messages of all phones to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InboxFilter {
    /// All.
    #[default]
    All,
    /// Those that came more than once, or that could not be decrypted at first or at all.
    Flawed,
}

/// Sums over all phones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct InboxTotals {
    /// Messages shown.
    pub messages: i64,
    /// Stanzas that came after the one shown.
    pub duplicates: i64,
    /// Messages of which no stanza could be decrypted.
    pub undecryptable: i64,
    /// Messages that could be decrypted only after they were asked for again.
    pub repaired: i64,
    /// `seq` of the newest one; 0 when there is none.
    pub last_seq: i64,
}

impl Simulated {
    /// Incoming messages of all phones, once per message, after `seq` `after`.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn inbox_of_all(
        &self,
        after: i64,
        limit: u32,
        filter: InboxFilter,
    ) -> PortResult<Page<InboxEntry>> {
        Ok(self.store.inbox_of_all(after, limit, filter).await?)
    }

    /// Sums over the incoming messages of all phones.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn inbox_totals(&self) -> PortResult<InboxTotals> {
        Ok(self.store.inbox_totals().await?)
    }
}
