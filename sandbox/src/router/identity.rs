//! A phone that was set up anew, and one that got another number.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;

use super::account::Account;
use crate::core::Core;
use crate::nodes::{SERVER, empty};
use crate::ports::{AccountInfo, PortError, PortResult};

impl Core {
    /// Takes in what a phone has changed about its account.
    pub(crate) async fn look_again(self: &Arc<Self>, pn: &str) -> PortResult<()> {
        let Some(account) = pn.parse().ok().and_then(|pn| self.directory.by_pn(pn)) else {
            // Not loaded: whoever asks next gets it as it is now.
            return Ok(());
        };
        let info = self.phones()?.find(pn).await?;
        account.list(info.is_some());
        match info {
            Some(info) if info.identity != account.phone().identity => {
                self.change_identity(&account, info).await
            }
            _ => Ok(()),
        }
    }

    /// The phone has a new identity: what only the old one could read is dropped, and everyone who
    /// knows the account is told to start over with it.
    async fn change_identity(self: &Arc<Self>, account: &Account, info: AccountInfo) -> PortResult<()> {
        self.replace_phone(account, info).await?;
        self.state.clear_app_state(account.pn).await?;
        let audience = self.acquainted_devices(account, |_| true).await?;
        self.notify_each(audience, || {
            self.notification("encrypt", account.pn_jid(0))
                .attr("lid", account.lid_jid(0))
                .children([empty("identity")])
        })
        .await?;
        tracing::info!(pn = account.pn, "phone was set up anew");
        Ok(())
    }

    /// The phone has another number now and is known under it to the phones already. Its LID stays.
    pub(crate) async fn change_number(self: &Arc<Self>, old: &str, new: &str) -> PortResult<()> {
        let not_found = |pn: &str| PortError::NotFound(format!("no account {pn}"));
        let (Ok(old), Ok(number)) = (old.parse::<u64>(), new.parse::<u64>()) else {
            return Err(not_found(new));
        };
        self.state.renumber(old, number).await?;
        self.directory.renumber(old, number);
        self.presence.forget(old);
        self.restrictions.renumber(old, number);
        let account = self.find(new).await?.ok_or_else(|| not_found(new))?;
        self.renumber_member(&account, old).await?;
        self.wake_phone(number);
        let audience = self.acquainted_devices(&account, |_| true).await?;
        let was = wacore_binary::Jid::pn(old.to_string());
        let modify = NodeBuilder::new("modify")
            .attr("old", was)
            .attr("new", account.pn_jid(0))
            .attr("old_lid", account.lid_jid(0))
            .attr("new_lid", account.lid_jid(0))
            .build();
        self.notify_each(audience, || self.notification("contacts", SERVER).children([modify.clone()]))
            .await?;
        tracing::info!(old, new, "phone has another number");
        Ok(())
    }
}
