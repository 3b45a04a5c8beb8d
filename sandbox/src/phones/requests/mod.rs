//! What companions ask of their phone in peer messages.

mod placeholder;

use std::sync::Arc;

use waproto::whatsapp as wa;
use waproto::whatsapp::message::peer_data_operation_request_message::HistorySyncOnDemandRequest;

use super::Simulated;
use super::account::Phone;
use super::app_state::{ClientErrorKind, NewClientError};
use crate::ports::PortResult;

/// A request of a companion.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    /// It lacks these app-state keys.
    Keys(Vec<Vec<u8>>),
    /// It cannot go on with these app-state collections.
    Fatal(Vec<String>),
    /// It could not open these messages.
    Placeholders(Vec<wa::MessageKey>),
    /// It wants older messages of a chat.
    History(Box<HistorySyncOnDemandRequest>),
    /// Something that a phone need not answer.
    Other(String),
}

/// Who asks, and in which message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asker {
    /// Companion's device id.
    pub(super) device: u16,
    /// Stanza id of the request.
    pub(super) id: String,
}

impl Request {
    /// The request in a message; `None` when it carries none. Some clients send it as they send copies of their
    /// messages to their own devices, wrapped (Baileys: `sendPeerDataOperationMessage`).
    pub(super) fn of(message: &wa::Message) -> Option<Self> {
        let wrapped = message.device_sent_message.as_option().and_then(|copy| copy.message.as_option());
        let message = wrapped.unwrap_or(message);
        let protocol = message.protocol_message.as_option()?;
        if let Some(request) = protocol.app_state_sync_key_request.as_option() {
            return Some(Self::Keys(request.key_ids.iter().filter_map(|id| id.key_id.clone()).collect()));
        }
        if let Some(fatal) = protocol.app_state_fatal_exception_notification.as_option() {
            return Some(Self::Fatal(fatal.collection_names.clone()));
        }
        let operation = protocol.peer_data_operation_request_message.as_option()?;
        let placeholders = operation.placeholder_message_resend_request.iter();
        let keys: Vec<_> =
            placeholders.filter_map(|request| request.message_key.clone().into_option()).collect();
        if !keys.is_empty() {
            return Some(Self::Placeholders(keys));
        }
        Some(match operation.history_sync_on_demand_request.as_option() {
            Some(request) => Self::History(Box::new(request.clone())),
            None => Self::Other(format!("{:?}", operation.peer_data_operation_request_type)),
        })
    }
}

impl Simulated {
    /// Answers a companion, outside the delivery of its message.
    pub(super) fn answer(self: &Arc<Self>, phone: &Arc<Phone>, asker: Asker, request: Request) {
        let (me, phone) = (Arc::clone(self), Arc::clone(phone));
        tokio::spawn(async move {
            if let Err(error) = me.answer_now(&phone, &asker, request).await {
                tracing::warn!(pn = phone.pn(), device = asker.device, %error, "phone could not answer its companion");
            }
        });
    }

    async fn answer_now(&self, phone: &Phone, asker: &Asker, request: Request) -> PortResult<()> {
        match request {
            Request::Keys(wanted) => self.share_keys(phone, asker.device, &wanted).await,
            Request::Fatal(collections) => {
                let error = NewClientError {
                    pn: phone.pn(),
                    device: asker.device,
                    kind: ClientErrorKind::AppStateFatal,
                    detail: format!("it gave up {}", collections.join(", ")),
                    time: self.now(),
                };
                Ok(error.keep(&self.store).await?)
            }
            Request::Placeholders(keys) => self.resend_placeholders(phone, asker, &keys).await,
            Request::History(request) => self.answer_history(phone, asker, &request).await,
            Request::Other(what) => {
                tracing::info!(pn = phone.pn(), device = asker.device, what, "phone ignores a request");
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use wacore::messages::wrap_device_sent;

    use super::*;

    #[test]
    fn a_request_is_the_same_when_it_is_wrapped() {
        let wanted = HistorySyncOnDemandRequest {
            chat_jid: Some("4915112345@s.whatsapp.net".to_owned()),
            ..Default::default()
        };
        let operation = wa::message::PeerDataOperationRequestMessage {
            history_sync_on_demand_request: wanted.clone().into(),
            ..Default::default()
        };
        let protocol = wa::message::ProtocolMessage {
            peer_data_operation_request_message: operation.into(),
            ..Default::default()
        };
        let message = wa::Message { protocol_message: protocol.into(), ..Default::default() };
        let wrapped = wrap_device_sent(message.clone(), "4915154321@s.whatsapp.net".to_owned());
        for message in [message, wrapped] {
            assert_eq!(Request::of(&message), Some(Request::History(Box::new(wanted.clone()))));
        }
    }
}
