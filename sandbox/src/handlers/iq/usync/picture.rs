//! The profile picture of a user: nobody has one.

use futures::future::BoxFuture;
use wacore_binary::Node;

use super::{IqError, Query, nothing};

pub(super) fn answer(_query: &Query) -> BoxFuture<'_, Result<Option<Node>, IqError>> {
    Box::pin(async move { Ok(Some(nothing("picture"))) })
}
