//! Whether a number is on the network.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{IqError, Query};

pub(super) fn answer(query: &Query) -> BoxFuture<'_, Result<Option<Node>, IqError>> {
    Box::pin(async move {
        let number = query.contact.clone().unwrap_or_else(|| format!("+{}", query.account.info.pn));
        Ok(Some(NodeBuilder::new("contact").attr("type", "in").string_content(number).build()))
    })
}
