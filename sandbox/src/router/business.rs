//! Business accounts: the certificate of their name.

use buffa::Message as _;
use waproto::whatsapp as wa;

use super::account::Account;

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
}
