//! `status` get: whom the account shows its status posts to. Clients list them in each post, so
//! nothing depends on it here.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        request.child("privacy")?;
        let all = NodeBuilder::new("list").attr("type", "contacts").attr("default", "true").build();
        Ok(Answer::with(NodeBuilder::new("privacy").children([all]).build()))
    })
}
