//! Messages of a past that never was: written into a phone without being sent.

use wacore_binary::{Jid, JidExt};

use super::super::account::Phone;
use super::super::store::{Direction, NewMessage, Status};
use super::super::{Contact, Simulated, new_id};
use super::message::{Chat, Outgoing};
use crate::ports::{PortError, PortResult};

/// A message of the past.
#[derive(Debug, Clone)]
pub struct PastMessage {
    /// What was said, and in which chat (`to`), whoever said it.
    pub said: Outgoing,
    /// Stanza id; invented when `None`.
    pub id: Option<String>,
    /// Author's number; `None` when the phone's user wrote it. In a direct chat it is the peer's.
    pub from: Option<String>,
    /// Unix seconds.
    pub time: i64,
    /// How far it came; an incoming message that is not read counts as unread.
    pub status: Status,
}

impl Simulated {
    /// The entry of a message of the past.
    pub(in super::super) async fn past_entry(
        &self,
        phone: &Phone,
        past: &PastMessage,
    ) -> PortResult<NewMessage> {
        let to = match past.said.to.parse::<Jid>() {
            Ok(group) if group.is_group() => Chat::group(group, Default::default(), None),
            _ => Chat::person(self.recipient(&past.said.to).await?),
        };
        let composed = self.compose(phone, &to, &past.said).await?;
        let id = past.id.clone().unwrap_or_else(|| new_id(""));
        let own = self.outgoing_entry(phone, &to, &id, &composed);
        let own = NewMessage { time: past.time, status: past.status, ..own };
        let Some(from) = &past.from else { return Ok(own) };
        let author = self.recipient(from).await?;
        if !to.is_group() && author.pn != to.key() {
            return Err(PortError::Refused(format!("{from} does not write in the chat with {}", to.key())));
        }
        // groups know their members by LID
        let sender_jid = match &author.lid {
            Some(lid) if to.is_group() => Jid::lid(lid.as_str()),
            _ => Jid::pn(author.pn.as_str()),
        };
        let recipient = if to.is_group() { to.party } else { Contact::from(&phone.info) };
        Ok(NewMessage {
            sender: author.pn,
            sender_lid: author.lid,
            sender_jid: sender_jid.to_string(),
            recipient: recipient.pn,
            recipient_lid: recipient.lid,
            direction: Direction::In,
            ..own
        })
    }
}
