//! Unlinking, from either side.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;

use crate::core::Core;
use crate::ports::{Companion, CompanionAddress, PortError, PortResult};
use crate::router::{Account, ListChange};

impl Core {
    /// Removes a companion: its stream ends with `device_removed`, its next login is refused,
    /// and everyone who knows its device list is told.
    pub(crate) async fn remove_companion(
        self: &Arc<Self>,
        account: &Arc<Account>,
        device: u16,
    ) -> PortResult<()> {
        let row = account.device(device);
        let Some(row) = row.filter(|_| device != 0) else {
            return Err(PortError::NotFound(format!("{} has no companion {device}", account.info.pn)));
        };
        if !self.drop_device(account, device).await? {
            return Ok(());
        }
        if let Some(conn) = self.live.conn(account.key(device)) {
            let conflict = NodeBuilder::new("conflict").attr("type", "device_removed").build();
            conn.end_with(NodeBuilder::new("stream:error").attr("code", 401).children([conflict]).build());
        }
        let gone = Companion { device, key_index: row.key_index };
        self.announce(account, gone, ListChange::Removed).await?;
        let address = CompanionAddress { pn: account.info.pn.clone(), device };
        self.phones()?.companion_gone(&address).await?;
        tracing::info!(pn = account.pn, device, "companion unlinked");
        Ok(())
    }
}
