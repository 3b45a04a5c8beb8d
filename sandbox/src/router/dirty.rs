//! Telling clients that something they keep is stale.

use std::sync::Arc;

use anyhow::Result;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::account::Account;
use crate::core::Core;
use crate::nodes::SERVER;
use crate::options::Stale;
use crate::ports::PortResult;
use crate::state::DeviceKey;

impl Core {
    /// Marks something as stale for an account's companions. Those that are there are told at
    /// once, all of them at each login until they have cleaned up.
    pub(crate) async fn mark_dirty(self: &Arc<Self>, account: &Account, what: Stale) -> PortResult<()> {
        let now = self.clock.unix_secs();
        for device in account.companion_keys() {
            self.state.mark_dirty(device, what.name(), now).await?;
            self.send_live(device, dirty_node(what.name(), now));
        }
        Ok(())
    }

    /// What a device that logs in is told.
    pub(crate) async fn dirty_nodes(&self, device: DeviceKey) -> Result<Vec<Node>> {
        let dirty = self.state.dirty(device).await?;
        Ok(dirty.into_iter().map(|(kind, since)| dirty_node(&kind, since)).collect())
    }
}

fn dirty_node(kind: &str, since: u64) -> Node {
    let dirty = NodeBuilder::new("dirty").attr("type", kind).attr("timestamp", since).build();
    NodeBuilder::new("ib").attr("from", SERVER).children([dirty]).build()
}
