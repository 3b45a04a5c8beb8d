//! How a phone names other devices and chats.

use wacore_binary::{Jid, Server};
use wacore_libsignal::protocol::{DeviceId, ProtocolAddress};

/// A device as a phone remembers it: always by phone number, so that PN and LID
/// addressing of the same device share one Signal session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct DeviceAddress {
    pub(super) pn: String,
    pub(super) device: u16,
}

impl DeviceAddress {
    pub(super) fn new(pn: impl Into<String>, device: u16) -> Self {
        Self { pn: pn.into(), device }
    }

    /// Address as libsignal wants it; its string form is also the storage key.
    pub(super) fn signal(&self) -> ProtocolAddress {
        ProtocolAddress::new(&self.pn, DeviceId::new(u32::from(self.device)))
    }

    /// Storage key, `<digits>.<device>`.
    pub(super) fn key(&self) -> String {
        format!("{}.{}", self.pn, self.device)
    }
}

/// True for chats between two people (PN or LID), false for groups, status and channels.
pub(super) fn is_direct(jid: &Jid) -> bool {
    matches!(jid.server, Server::Pn | Server::Lid | Server::Legacy)
}
