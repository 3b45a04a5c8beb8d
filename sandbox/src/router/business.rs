//! Business accounts: the certificate of their name.

use buffa::Message as _;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp as wa;

use super::account::Account;
use crate::nodes::blob;

/// Who certifies names. Clients show the name and check no signature of it.
const ISSUER: &str = "smb:wa";

impl Account {
    /// Serial number and certificate of a business's verified name.
    pub(crate) fn verified_name(&self) -> Option<(u64, Vec<u8>)> {
        let name = self.options().business.as_ref()?.name.clone();
        // One certificate per account: its number does for a serial.
        let serial = self.pn;
        let details = wa::verified_name_certificate::Details {
            serial: Some(serial),
            issuer: Some(ISSUER.to_owned()),
            verified_name: Some(name),
            ..Default::default()
        };
        let certificate =
            wa::VerifiedNameCertificate { details: Some(details.encode_to_vec()), ..Default::default() };
        Some((serial, certificate.encode_to_vec()))
    }

    /// Marks a message of a business with its verified name.
    pub(super) fn certify(&self, message: NodeBuilder) -> NodeBuilder {
        match self.verified_name() {
            None => message,
            Some((serial, _)) => message.attr("verified_name", serial).attr("verified_level", "unknown"),
        }
    }

    /// What a message of a business carries besides its content.
    pub(super) fn certificate(&self) -> Option<Node> {
        self.verified_name().map(|(_, certificate)| blob("verified_name", certificate))
    }
}
