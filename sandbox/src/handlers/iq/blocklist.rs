//! `blocklist`: who an account has blocked; their messages and presence do not reach it.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};
use crate::nodes::{is, jid};
use crate::router::Account;

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let account = &request.origin()?.account;
        let mut items = Vec::new();
        for pn in account.blocked() {
            if let Some(blocked) = request.core.by_number(pn).await? {
                items.push(item(&blocked, None));
            }
        }
        Ok(Answer::with(list(items)))
    })
}

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let wanted = request.child("item")?;
        let who = jid(wanted, "jid").ok_or(IqError::BadRequest("item without jid"))?;
        let block = is(wanted, "action", "block");
        let target = request.core.user(&who).await?.ok_or_else(|| IqError::NotFound(who.to_string()))?;
        request.core.block(&request.origin()?.account, target.pn, block).await?;
        Ok(Answer::with(list(vec![item(&target, Some(if block { "block" } else { "unblock" }))])))
    })
}

fn item(account: &Account, action: Option<&'static str>) -> Node {
    let item = NodeBuilder::new("item").attr("jid", account.lid_jid(0)).attr("pn_jid", account.pn_jid(0));
    match action {
        Some(action) => item.attr("action", action).build(),
        None => item.build(),
    }
}

fn list(items: Vec<Node>) -> Node {
    NodeBuilder::new("list").attr("dhash", "sandbox").attr("matched", "false").children(items).build()
}
