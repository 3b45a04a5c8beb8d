//! The LID of a user.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{IqError, Query};

pub(super) fn answer(query: &Query) -> BoxFuture<'_, Result<Option<Node>, IqError>> {
    Box::pin(async move { Ok(Some(NodeBuilder::new("lid").attr("val", query.account.lid_jid(0)).build())) })
}
