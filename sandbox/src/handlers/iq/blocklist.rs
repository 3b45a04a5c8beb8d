//! `blocklist`: whom an account has blocked; nothing of theirs reaches it.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::privacy::fingerprint;
use super::request::{Answer, IqError, Request};
use crate::nodes::{is, jid, text};
use crate::router::{Account, blocked_item};

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let account = &request.origin()?.account;
        let mut items = Vec::new();
        for pn in account.blocked() {
            if let Some(blocked) = request.core.by_number(pn).await? {
                items.push(blocked_item(&blocked, None));
            }
        }
        Ok(Answer::with(list(account, true, items)))
    })
}

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let origin = request.origin()?;
        let wanted = request.child("item")?;
        let who = jid(wanted, "jid").or_else(|| jid(wanted, "pn_jid"));
        let who = who.ok_or(IqError::BadRequest("item without jid"))?;
        let action = match text(wanted, "action").as_deref() {
            Some("block") => "block",
            Some("unblock") => "unblock",
            _ => return Err(IqError::BadRequest("action")),
        };
        let target = request.core.user(&who).await?.ok_or_else(|| IqError::NotFound(who.to_string()))?;
        if target.pn == origin.account.pn {
            return Err(IqError::NotAcceptable("nobody blocks himself"));
        }
        let known = is(wanted, "dhash", &dhash(&origin.account)) || wanted.attrs.get("dhash").is_none();
        request.core.block(origin, &target, action == "block").await?;
        Ok(Answer::with(list(&origin.account, known, vec![blocked_item(&target, Some(action))])))
    })
}

fn dhash(account: &Account) -> String {
    fingerprint(&account.blocked())
}

/// `matched` says whether the list is the one the client knew before.
fn list(account: &Account, matched: bool, items: Vec<Node>) -> Node {
    NodeBuilder::new("list")
        .attr("dhash", dhash(account))
        .attr("matched", if matched { "true" } else { "false" })
        .children(items)
        .build()
}
