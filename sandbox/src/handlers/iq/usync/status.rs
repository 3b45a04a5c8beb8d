//! The profile text of a user.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{IqError, Query, nothing};

pub(super) fn answer(query: &Query) -> BoxFuture<'_, Result<Option<Node>, IqError>> {
    Box::pin(async move {
        let about = query.account.about();
        Ok(Some(
            about.map_or_else(|| nothing("status"), |text| NodeBuilder::new("status").bytes(text).build()),
        ))
    })
}
