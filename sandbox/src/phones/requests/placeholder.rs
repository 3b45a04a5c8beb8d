//! Messages that a companion could not open: the phone has them in clear.

use buffa::Message as _;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::PeerDataOperationRequestType as Operation;
use waproto::whatsapp::message::peer_data_operation_request_response_message::PeerDataOperationResult;
use waproto::whatsapp::message::peer_data_operation_request_response_message::peer_data_operation_result::PlaceholderMessageResendResponse;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::outbound::{Peer, protocol_message};
use super::Asker;
use crate::ports::PortResult;

impl Simulated {
    /// Sends the messages with these keys; of one that the phone does not have, only the key.
    pub(super) async fn resend_placeholders(
        &self,
        phone: &Phone,
        asker: &Asker,
        keys: &[wa::MessageKey],
    ) -> PortResult<()> {
        let book = self.book(phone).await?;
        let mut results = Vec::new();
        for key in keys {
            let chat = self.chat_of(key.remote_jid.as_deref().unwrap_or_default()).await?;
            let id = key.id.as_deref().unwrap_or_default();
            let message = match self.store.message_in(phone.pn(), &chat, id).await? {
                Some(message) => book.web_message(&message)?,
                None => wa::WebMessageInfo { key: key.clone().into(), ..Default::default() },
            };
            let response =
                PlaceholderMessageResendResponse { web_message_info_bytes: Some(message.encode_to_vec()) };
            results.push(PeerDataOperationResult {
                placeholder_message_resend_response: response.into(),
                ..Default::default()
            });
        }
        let response = wa::message::PeerDataOperationRequestResponseMessage {
            peer_data_operation_request_type: Some(Operation::PLACEHOLDER_MESSAGE_RESEND),
            stanza_id: Some(asker.id.clone()),
            peer_data_operation_result: results,
        };
        let message = protocol_message(wa::message::ProtocolMessage {
            r#type: Some(ProtocolType::PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE),
            peer_data_operation_request_response_message: response.into(),
            ..Default::default()
        });
        self.send_peer(phone, Peer { device: asker.device, bundle: None, message }).await
    }
}
