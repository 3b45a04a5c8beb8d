//! The default timer of a user's new chats.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{IqError, Query};

pub(super) fn answer(query: &Query) -> BoxFuture<'_, Result<Option<Node>, IqError>> {
    Box::pin(async move {
        let timer = query.account.profile().timer;
        let (seconds, at) = timer.map_or((0, 0), |timer| (timer.value, timer.at));
        Ok(Some(NodeBuilder::new("disappearing_mode").attr("duration", seconds).attr("t", at).build()))
    })
}
