//! Older messages of one chat, looked up when a companion asks.

use waproto::whatsapp as wa;
use waproto::whatsapp::history_sync::HistorySyncType as Kind;
use waproto::whatsapp::message::peer_data_operation_request_message::HistorySyncOnDemandRequest;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::requests::Asker;
use super::chunk::Carrier;
use super::conversation::close;
use super::past::{Place, Stretch};
use super::web_message::chat_jid;
use crate::ports::PortResult;

/// Messages in one answer unless the companion says how many.
const USUAL: i32 = 50;
/// Messages in one answer at most.
const MOST: i32 = 500;

impl Simulated {
    /// Sends messages of a chat that are older than the oldest one that the companion has.
    pub(in super::super) async fn answer_history(
        &self,
        phone: &Phone,
        asker: &Asker,
        request: &HistorySyncOnDemandRequest,
    ) -> PortResult<()> {
        let chat = self.chat_of(request.chat_jid.as_deref().unwrap_or_default()).await?;
        let before = self.oldest_known(phone, &chat, request).await?;
        let count = match request.on_demand_msg_count.unwrap_or(USUAL) {
            count if count > 0 => count.min(MOST).cast_unsigned(),
            _ => USUAL.cast_unsigned(),
        };
        let stretch = Stretch { chat: &chat, since: 0, before };
        let messages = self.store.past(phone.pn(), stretch, count).await?;
        let book = self.book(phone).await?;
        let mut conversation = wa::Conversation { id: chat_jid(&chat), ..Default::default() };
        for message in &messages {
            conversation.messages.push(wa::HistorySyncMsg {
                message: book.web_message(message)?.into(),
                msg_order_id: Some(message.seq.cast_unsigned()),
            });
        }
        let rest = Stretch { before: messages.last().map_or(before, Place::of), ..stretch };
        close(&mut conversation, self.store.count_past(phone.pn(), rest).await? > 0, true);
        let history = wa::HistorySync {
            sync_type: Kind::ON_DEMAND,
            chunk_order: Some(1),
            progress: Some(100),
            conversations: vec![conversation],
            ..Default::default()
        };
        let inline = request.support_inline_response == Some(true);
        let carrier = Carrier { device: asker.device, inline, request: Some(&asker.id) };
        self.send_chunk(phone, carrier, history).await
    }

    /// Where the companion's knowledge begins: at the message it names, else at its time.
    async fn oldest_known(
        &self,
        phone: &Phone,
        chat: &str,
        request: &HistorySyncOnDemandRequest,
    ) -> PortResult<Place> {
        let id = request.oldest_msg_id.as_deref().unwrap_or_default();
        if let Some(message) = self.store.message_in(phone.pn(), chat, id).await? {
            return Ok(Place::of(&message));
        }
        let time = request.oldest_msg_timestamp_ms.filter(|ms| *ms > 0).map(|ms| ms / 1000);
        Ok(time.map_or(Place::END, |time| Place { time, seq: 0 }))
    }
}
