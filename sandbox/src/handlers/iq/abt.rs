//! `abt`: A/B properties. None are served, so clients keep their defaults.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};

pub(super) fn get(_request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        Ok(Answer::with(
            NodeBuilder::new("props")
                .attr("protocol", 1)
                .attr("ab_key", "sandbox")
                .attr("hash", "sandbox")
                .attr("refresh", 86_400)
                .attr("refresh_id", 1)
                .build(),
        ))
    })
}
