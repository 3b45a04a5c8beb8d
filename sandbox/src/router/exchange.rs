//! A stanza's sender and the way back to it: a connection, or a phone inside the process.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use wacore_binary::Node;

use super::account::Account;
use crate::core::Core;
use crate::state::DeviceKey;
use crate::wire::Conn;

/// The device a stanza comes from.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) account: Arc<Account>,
    pub(crate) device: u16,
}

impl Origin {
    /// Its queue key.
    pub(crate) fn key(&self) -> DeviceKey {
        self.account.key(self.device)
    }

    /// Name shown with its messages.
    pub(crate) fn push_name(&self) -> String {
        let own = self.account.device(self.device).and_then(|device| device.push_name.clone());
        own.unwrap_or_else(|| self.account.phone().push_name)
    }
}

/// Where answers go.
#[derive(Clone)]
pub(crate) enum Replies {
    /// A client's connection.
    Wire(Arc<Conn>),
    /// A phone that waits for the first answer.
    Phone(Arc<Mutex<Option<oneshot::Sender<Node>>>>),
}

impl Replies {
    /// Sends an answer; a phone takes only the first.
    pub(crate) fn send(&self, node: Node) {
        match self {
            Self::Wire(conn) => conn.send(node),
            Self::Phone(waiting) => {
                if let Some(waiting) = waiting.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    // The phone may have stopped waiting; the stanza was handled all the same.
                    drop(waiting.send(node));
                }
            }
        }
    }
}

/// One stanza being handled.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) core: Arc<Core>,
    pub(crate) origin: Origin,
    pub(crate) replies: Replies,
}

impl Exchange {
    /// Answers with the server's `<ack>`, which carries a code when the stanza is refused.
    pub(crate) fn answer(&self, node: &Node, error: Option<u16>) {
        self.replies.send(self.core.ack(node, error));
    }
}
