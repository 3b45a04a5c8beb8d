//! The id of a user's profile picture.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{IqError, Query, refused};
use crate::router::Category;

pub(super) fn answer(query: &Query) -> BoxFuture<'_, Result<Option<Node>, IqError>> {
    Box::pin(async move {
        if !query.permits(Category::Picture) {
            return Ok(Some(refused("picture", 401, "not-authorized")));
        }
        let picture = query.core.state.picture(&query.account.info.pn).await?;
        Ok(Some(match picture {
            Some(picture) => NodeBuilder::new("picture").attr("id", picture.id).build(),
            // An answer without an id is an error to clients.
            None => refused("picture", 404, "item-not-found"),
        }))
    })
}
