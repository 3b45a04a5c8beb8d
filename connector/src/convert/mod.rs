//! Between the domain and WhatsApp's own types. Pure: no clock, no socket, no store.

mod address;
mod inbound;
mod kinds;
mod locator;
mod outbound;
mod receipt;

pub(crate) use address::{address_of, identities_of, jid_of};
pub(crate) use inbound::{Viewer, counterpart, inbound};
pub(crate) use kinds::media_type;
pub(crate) use locator::Locator;
pub(crate) use outbound::{Sendable, Uploaded, outbound};
pub(crate) use receipt::receipt_status;

use wagate_domain::Address;

/// The linked account as it sees itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Own {
    /// Phone number, digits.
    pub(crate) pn: Option<String>,
    /// LID, digits.
    pub(crate) lid: Option<String>,
}

impl Own {
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
