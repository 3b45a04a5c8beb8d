//! `w:profile:picture`: profile pictures. Nobody has one.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};

pub(super) fn get(_request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let error = NodeBuilder::new("error").attr("code", 404).attr("text", "item-not-found").build();
        Ok(Answer::with(NodeBuilder::new("picture").children([error]).build()))
    })
}
