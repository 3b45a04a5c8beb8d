//! The profile text of a user.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{IqError, Query};
use crate::router::Category;

pub(super) fn answer(query: &Query) -> BoxFuture<'_, Result<Option<Node>, IqError>> {
    Box::pin(async move {
        let node = NodeBuilder::new("status");
        if !query.permits(Category::About) {
            return Ok(Some(node.attr("code", 401).build()));
        }
        let about = query.account.profile().about;
        Ok(Some(about.map_or_else(
            || NodeBuilder::new("status").build(),
            |about| node.attr("t", about.at).bytes(about.value).build(),
        )))
    })
}
