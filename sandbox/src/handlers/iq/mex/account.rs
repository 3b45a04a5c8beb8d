//! What restricts an account.

use futures::future::BoxFuture;
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

fn timelock(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move { Ok(Data::of(call.core.timelock(call.origin.account.pn))) })
}

fn capping(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        call.required("/input/type", "input.type")?;
        Ok(Data::of(call.core.capping(call.origin.account.pn)))
    })
}
