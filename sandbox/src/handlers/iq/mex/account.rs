//! What restricts an account: nothing does on this network.

use futures::future::BoxFuture;
use serde_json::json;
use wacore::iq::mex_operations::{fetch_new_chat_message_capping_info, fetch_reachout_timelock};

use super::{Call, Data, IqError, Operation};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        ids: &[fetch_reachout_timelock::DOC_ID],
        key: "xwa2_fetch_account_reachout_timelock",
        run: timelock,
    },
    Operation {
        ids: &[fetch_new_chat_message_capping_info::DOC_ID],
        key: "xwa2_message_capping_info",
        run: capping,
    },
];

fn timelock(_call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    let free = json!({ "is_active": false, "time_enforcement_ends": "0", "enforcement_type": "DEFAULT" });
    Box::pin(async move { Ok(Data::of(free)) })
}

fn capping(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        call.required("/input/type", "input.type")?;
        Ok(Data::of(json!({
            "capping_status": "NONE",
            "ote_status": "NOT_ELIGIBLE",
            "mv_status": "NOT_ELIGIBLE",
            "server_sent_timestamp": call.core.clock.unix_secs().to_string(),
        })))
    })
}
