//! The device list of a user, with the signed list of valid key indexes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{IqError, Query};

pub(super) fn answer(query: &Query) -> BoxFuture<'_, Result<Option<Node>, IqError>> {
    Box::pin(async move {
        let companions = query.account.companions();
        let phone = NodeBuilder::new("device").attr("id", 0).build();
        let others = companions
            .iter()
            .map(|c| NodeBuilder::new("device").attr("id", c.device).attr("key-index", c.key_index).build());
        let ids: Vec<u16> = std::iter::once(0).chain(companions.iter().map(|c| c.device)).collect();
        let hash = list_hash(&query.account.info.pn, &ids);
        if query.known_devices.as_deref() == Some(hash.as_str()) {
            // The client has this list already.
            return Ok(None);
        }
        let list = NodeBuilder::new("device-list")
            .attr("hash", hash)
            .children(std::iter::once(phone).chain(others))
            .build();
        let mut children = vec![list];
        // An account that never had a companion has no list to sign.
        if query.account.list_version().0 > 0 {
            let (ts, signed) = query.core.key_index_list(&query.account).await?;
            children.push(NodeBuilder::new("key-index-list").attr("ts", ts).bytes(signed.to_vec()).build());
        }
        Ok(Some(NodeBuilder::new("devices").children(children).build()))
    })
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
