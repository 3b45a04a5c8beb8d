//! What tells one device list from another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest, Sha256};

use super::account::Account;

impl Account {
    /// Hash of the device list, as clients keep it.
    pub(crate) fn device_hash(&self) -> String {
        list_hash(&self.info.pn, &self.devices())
    }
}

/// `2:` and the first 6 bytes of SHA-256 over the sorted device addresses, base64.
fn list_hash(pn: &str, devices: &[u16]) -> String {
    let mut addresses: Vec<String> = devices.iter().map(|id| format!("{pn}.0:{id}@s.whatsapp.net")).collect();
    addresses.sort_unstable();
    let digest = Sha256::digest(addresses.concat());
    format!("2:{}", STANDARD_NO_PAD.encode(&digest[..6]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_depends_on_the_devices_and_not_on_their_order() {
        let a = list_hash("4915112345", &[0, 1, 2]);
        assert_eq!(a, list_hash("4915112345", &[2, 0, 1]));
        assert_ne!(a, list_hash("4915112345", &[0, 1]));
        assert!(a.starts_with("2:") && a.len() == 10, "{a}");
    }
}
