//! Whether a user is a business, and its verified name.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{IqError, Query};

pub(super) fn answer(query: &Query) -> BoxFuture<'_, Result<Option<Node>, IqError>> {
    Box::pin(async move {
        // A node at all says that it is one.
        Ok(query.account.verified_name().map(|(serial, certificate)| {
            let name = NodeBuilder::new("verified_name").attr("serial", serial).bytes(certificate).build();
            NodeBuilder::new("business").children([name]).build()
        }))
    })
}
