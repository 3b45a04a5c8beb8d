//! What clients are told of the restrictions of their account, asked or not.

use std::sync::Arc;

use serde_json::{Value, json};
use wacore_binary::builder::NodeBuilder;

use super::account::Account;
use super::restrictions::{Restricted, Restriction};
use crate::core::Core;
use crate::nodes::SERVER;
use crate::ports::PortResult;
use crate::state::Entry;

impl Core {
    /// What a client that asks is told of its account's timelock.
    pub(crate) fn timelock(&self, pn: u64) -> Value {
        let active = self.restricted(pn).into_iter().find_map(|restricted| match restricted.what {
            Restriction::ReachoutTimelock { enforcement_type } => Some((restricted.ends, enforcement_type)),
            _ => None,
        });
        let (ends, kind) = active.clone().unwrap_or((0, "DEFAULT".to_owned()));
        json!({ "is_active": active.is_some(), "time_enforcement_ends": ends.to_string(), "enforcement_type": kind })
    }

    /// What a client that asks is told of its account's cap on new chats.
    pub(crate) fn capping(&self, pn: u64) -> Value {
        let mut info = json!({
            "capping_status": "NONE",
            "ote_status": "NOT_ELIGIBLE",
            "mv_status": "NOT_ELIGIBLE",
            "server_sent_timestamp": self.clock.unix_secs(),
        });
        for Restricted { what, begins, ends } in self.restricted(pn) {
            if let Restriction::NewChatCap { quota, used } = what {
                info["capping_status"] = json!(if used >= quota { "CAPPED" } else { "FIRST_WARNING" });
                info["total_quota"] = json!(quota.to_string());
                info["used_quota"] = json!(used.to_string());
                info["cycle_start_timestamp"] = json!(begins);
                info["cycle_end_timestamp"] = json!(ends);
            }
        }
        info
    }

    /// Pushes the state of a restriction to the account's companions.
    pub(super) async fn tell(self: &Arc<Self>, account: &Account, kind: &str) -> PortResult<()> {
        let (operation, key, value) = match kind {
            "reachout_timelock" => (
                "NotificationUserReachoutTimelockUpdate",
                "xwa2_notify_account_reachout_timelock",
                self.timelock(account.pn),
            ),
            "new_chat_cap" => (
                "MessageCappingInfoNotification",
                "xwa2_notify_new_chat_messages_capping_info_update",
                self.capping(account.pn),
            ),
            _ => return Ok(()),
        };
        let body = json!({ "data": { key: value } }).to_string();
        let mut entries = Vec::new();
        for companion in account.companions() {
            let update = NodeBuilder::new("update").attr("op_name", operation).bytes(body.clone());
            let node = self.notification("mex", SERVER).children([update.build()]).build();
            entries.push(Entry::new(account.key(companion.device), &node, None)?);
        }
        Ok(self.enqueue(entries, |_| {}).await?)
    }
}
