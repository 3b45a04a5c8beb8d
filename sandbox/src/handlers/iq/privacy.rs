//! `privacy`: settings (everything is visible to all) and privacy tokens.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};
use crate::nodes::jid;

/// Setting and its value.
const SETTINGS: &[(&str, &str)] = &[
    ("last", "all"),
    ("online", "all"),
    ("profile", "all"),
    ("status", "all"),
    ("groupadd", "all"),
    ("readreceipts", "all"),
    ("calladd", "all"),
    ("messages", "all"),
    ("defense", "off"),
    ("stickers", "contacts"),
];

pub(super) fn get(_request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let categories = SETTINGS.iter().map(|(name, value)| {
            NodeBuilder::new("category").attr("name", *name).attr("value", *value).build()
        });
        Ok(Answer::with(NodeBuilder::new("privacy").children(categories).build()))
    })
}

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        if let Some(tokens) = request.node.get_optional_child("tokens") {
            return pass_tokens(&request, tokens).await;
        }
        // Settings are echoed, as the client expects, and not enforced.
        Ok(Answer::with(request.child("privacy")?.clone()))
    })
}

/// Makes a token per contact and passes it on; nothing on this network demands one.
async fn pass_tokens(request: &Request, tokens: &Node) -> Result<Answer, IqError> {
    let issuer = &request.origin()?.account;
    for wanted in tokens.get_children_by_tag("token") {
        let Some(holder) = jid(wanted, "jid") else { continue };
        let Some(holder) = request.core.user(&holder).await? else { continue };
        let token = NodeBuilder::new("token")
            .attr("type", "trusted_contact")
            .attr("t", request.core.clock.unix_secs())
            .bytes(rand::random::<[u8; 16]>().to_vec())
            .build();
        request.core.pass_privacy_token(issuer, &holder, &token).await?;
    }
    Ok(Answer::empty())
}
