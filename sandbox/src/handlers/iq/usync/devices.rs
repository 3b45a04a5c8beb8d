//! The device list of a user, with the signed list of valid key indexes.

use futures::future::BoxFuture;
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
        let hash = query.account.device_hash();
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
