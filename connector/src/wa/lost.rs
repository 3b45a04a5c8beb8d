//! Messages that were decrypted, and got lost before they were written down.
//!
//! A process may die between the two. When the ratchet that such a message has moved on is on record, as another message
//! had it written, the message cannot be read when it comes again, and looks like one that was handed on long ago. What was
//! handed on is remembered, so that the two are known from each other: what was not is asked for, as a message that cannot
//! be decrypted is. It is not acknowledged, so that the server brings it again on every connection until it is on record.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use wacore_binary::{Jid, JidExt, Node, builder::NodeBuilder};
use wagate_infra::sql::wa::PendingInbound;
use whatsapp_rust::{Client, RetryReason, RetryRequestOptions};

/// The lost messages of a device. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Lost(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Stanzas as they came, as far as it takes to ask for their messages.
    stanzas: Mutex<Vec<Node>>,
    /// Rings when there is one to ask for.
    came: Notify,
}

impl Lost {
    /// A message has come again that nobody has.
    pub(super) fn add(&self, place: PendingInbound<'_>) {
        let Some(stanza) = stanza(place) else { return };
        self.stanzas().push(stanza);
        self.0.came.notify_one();
    }

    /// Asks those for lost messages who have sent them.
    pub(super) async fn keep_asking(&self, client: &Arc<Client>) -> Infallible {
        loop {
            self.0.came.notified().await;
            let stanzas = std::mem::take(&mut *self.stanzas());
            for stanza in stanzas {
                let options = RetryRequestOptions::new().with_reason(RetryReason::InvalidMessage);
                match client.request_message_retry(&stanza.as_node_ref(), options).await {
                    Ok(_) => tracing::warn!("asked for a message again that got lost when a process ended"),
                    // it comes again over the next connection
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "a lost message waits");
                    }
                }
            }
        }
    }

    fn stanzas(&self) -> MutexGuard<'_, Vec<Node>> {
        self.0.stanzas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stanza that a message came in, by what is known of it; `None` for what never came in one.
fn stanza(PendingInbound { chat, sender, id }: PendingInbound<'_>) -> Option<Node> {
    let (at, by) = (chat.parse::<Jid>().ok()?, sender.parse::<Jid>().ok()?);
    let stanza = NodeBuilder::new("message").attr("id", id);
    Some(if at.is_group() || at.is_broadcast_list() || at.is_status_broadcast() {
        stanza.attr("from", at).attr("participant", by).build()
    } else if at.user == by.user {
        stanza.attr("from", by).build()
    } else {
        // another device of the account has written it to this chat
        stanza.attr("from", by).attr("recipient", at).build()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who it is from, in whose name, and for whom.
    fn parts(chat: &str, sender: &str) -> Option<[Option<String>; 3]> {
        let stanza = stanza(PendingInbound { chat, sender, id: "A1" })?;
        let part = |name: &str| stanza.as_node_ref().get_attr(name).map(|value| value.as_str().into_owned());
        Some(["from", "participant", "recipient"].map(part))
    }

    #[test]
    fn a_message_is_asked_for_where_it_came_from() {
        let whole = |parts: [Option<&str>; 3]| Some(parts.map(|part| part.map(str::to_owned)));
        let person = "628123@s.whatsapp.net";
        let device = "628123:7@s.whatsapp.net";
        assert_eq!(parts(person, device), whole([Some(device), None, None]));
        for many in ["120363000000000001@g.us", "status@broadcast"] {
            assert_eq!(parts(many, device), whole([Some(many), Some(device), None]));
        }
        let own = "4915111@s.whatsapp.net";
        assert_eq!(parts(person, own), whole([Some(own), None, Some(person)]));
        assert_eq!(parts("", own), None);
    }
}
