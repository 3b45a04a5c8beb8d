//! Push names: what a device announces, and what the account is called.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;

use super::exchange::Origin;
use crate::core::Core;
use crate::ports::PortResult;

impl Core {
    /// Keeps the name a client announces with its presence; messages of this device carry it.
    pub(crate) async fn keep_push_name(&self, origin: &Origin, name: String) -> PortResult<()> {
        let Some(device) = origin.account.device(origin.device) else { return Ok(()) };
        if device.push_name.as_deref() != Some(name.as_str()) {
            self.change_device(&origin.account, origin.device, |device| device.push_name = Some(name))
                .await?;
        }
        Ok(())
    }

    /// The user has changed the name on one device: the account has it, the other devices are told.
    /// A name that comes with "available" is no change: the client may not know of a newer one yet.
    pub(crate) async fn rename(self: &Arc<Self>, origin: &Origin, name: String) -> PortResult<()> {
        let account = &origin.account;
        if !account.rename(&name) {
            return Ok(());
        }
        for companion in account.companions().iter().filter(|other| other.device != origin.device) {
            self.change_device(account, companion.device, |device| device.push_name = None).await?;
        }
        self.notify_each(account.other_keys(origin.device), || {
            let child = NodeBuilder::new("pushname").attr("name", name.as_str()).build();
            self.notification("account_sync", account.pn_jid(0))
                .attr("pushname", name.as_str())
                .children([child])
        })
        .await?;
        Ok(())
    }
}
