//! `w`: server properties, older clients.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};

pub(super) fn get(_request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let props = NodeBuilder::new("props").attr("hash", "sandbox").attr("version", 2).attr("protocol", 2);
        Ok(Answer::with(props.build()))
    })
}
