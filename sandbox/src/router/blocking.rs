//! Blocking, and what follows it.

use std::sync::Arc;

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::account::Account;
use super::exchange::Origin;
use crate::core::Core;
use crate::ports::PortResult;

impl Core {
    /// Blocks or unblocks, tells the account's other devices, and shows the other side what it
    /// may see of the account from now on.
    pub(crate) async fn block(
        self: &Arc<Self>,
        origin: &Origin,
        target: &Account,
        blocked: bool,
    ) -> PortResult<()> {
        let account = &origin.account;
        self.change_blocked(account, target.pn, blocked).await?;
        let action = if blocked { "block" } else { "unblock" };
        let list = NodeBuilder::new("blocklist").children([blocked_item(target, Some(action))]).build();
        self.notify_each(account.other_keys(origin.device), || {
            self.notification("account_sync", account.pn_jid(0)).children([list.clone()])
        })
        .await?;
        self.show_presence_anew(account);
        Ok(())
    }
}

/// An entry of a block list, under both addresses.
pub(crate) fn blocked_item(account: &Account, action: Option<&'static str>) -> Node {
    let item = NodeBuilder::new("item").attr("jid", account.lid_jid(0)).attr("pn_jid", account.pn_jid(0));
    match action {
        Some(action) => item.attr("action", action).build(),
        None => item.build(),
    }
}
