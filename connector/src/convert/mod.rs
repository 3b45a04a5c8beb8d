//! Between the domain and WhatsApp's own types. Pure: no clock, no socket, no store.

mod act;
mod address;
mod call;
mod chat;
mod group;
pub(crate) mod history;
mod inbound;
mod kinds;
mod locator;
mod news;
mod outbound;
mod poll;
mod receipt;

pub(crate) use act::act;
pub(crate) use address::{address_of, identities_of, jid_of};
pub(crate) use call::Ringing;
pub(crate) use history::announces_history;
pub(crate) use inbound::{Viewer, counterpart, inbound};
pub(crate) use kinds::media_type;
pub(crate) use locator::Locator;
pub(crate) use news::news;
pub(crate) use outbound::{Sendable, Uploaded, outbound};
pub(crate) use poll::{chosen, poll_of, vote_of};
pub(crate) use receipt::receipt_status;

use wagate_domain::{Address, ContactIds};

/// The linked account as it sees itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Own {
    /// Phone number, digits.
    pub(crate) pn: Option<String>,
    /// LID, digits.
    pub(crate) lid: Option<String>,
}

impl Own {
    /// Both identities.
    pub(crate) fn ids(&self) -> ContactIds {
        ContactIds { pn: self.pn.clone(), lid: self.lid.clone() }
    }

    /// Whether an address is the linked account itself.
    pub(crate) fn is(&self, address: &Address) -> bool {
        use wagate_domain::address::Server;
        let known = match address.server() {
            Server::Pn => self.pn.as_deref(),
            Server::Lid => self.lid.as_deref(),
            Server::Group | Server::Newsletter => None,
        };
        known == Some(address.user())
    }
}
