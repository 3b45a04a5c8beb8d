//! Stanzas that arrive at a phone.

mod decrypt;
mod media;
mod message;
mod notification;
mod post;
mod receipt;
mod resend;
mod stanza;
mod unseal;

pub use media::OpenFile;
use wacore_binary::Node;

use super::Simulated;
use crate::ports::{PortError, PortResult};

impl Simulated {
    /// Takes a stanza off the phone's queue: shows it and answers it as a client would.
    pub(super) async fn receive(&self, pn: &str, node: &Node) -> PortResult<()> {
        let phone = self.phone(pn).await?;
        let received = match node.tag.as_ref() {
            "message" if post::is_post(node) => self.receive_post(&phone, node).await,
            "message" => self.receive_message(&phone, node).await,
            "receipt" => self.receive_receipt(&phone, node).await,
            "notification" => self.receive_notification(&phone, node).await,
            "call" => self.receive_call(&phone, node).await,
            other => {
                tracing::debug!(pn, tag = other, "phone ignores stanza");
                Ok(())
            }
        };
        match received {
            // a malformed stanza, or one about a device that is gone: coming again would not help
            Err(error @ (PortError::Refused(_) | PortError::NotFound(_))) => {
                tracing::warn!(pn, tag = node.tag.as_ref(), %error, "phone drops stanza");
                Ok(())
            }
            other => other,
        }
    }
}
