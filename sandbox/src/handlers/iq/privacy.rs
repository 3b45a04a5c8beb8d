//! `privacy`: what an account lets others see and do, and privacy tokens.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::request::{Answer, IqError, Request};
use crate::nodes::{is, jid, text};
use crate::router::Category;
use crate::state::PrivacyRow;

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let account = &request.origin()?.account;
        if let Some(list) = request.child("privacy")?.get_optional_child("list") {
            return exceptions(&request, list).await;
        }
        let categories = Category::all().map(|category| node(category, &account.setting(category)));
        Ok(Answer::with(NodeBuilder::new("privacy").children(categories).build()))
    })
}

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        if let Some(tokens) = request.node.get_optional_child("tokens") {
            return issue_tokens(&request, tokens).await;
        }
        let mut answers = Vec::new();
        for wanted in request.child("privacy")?.get_children_by_tag("category") {
            answers.push(change(&request, wanted).await?);
        }
        Ok(Answer::with(NodeBuilder::new("privacy").children(answers).build()))
    })
}

/// One category, by its name and value, with changes to the contacts it leaves out.
async fn change(request: &Request, wanted: &Node) -> Result<Node, IqError> {
    let name = text(wanted, "name").ok_or(IqError::BadRequest("category without name"))?;
    let value = text(wanted, "value").ok_or(IqError::BadRequest("category without value"))?;
    let Some(category) = Category::named(&name) else {
        tracing::info!(sender = request.sender(), name, "unknown privacy category echoed");
        return Ok(wanted.clone());
    };
    if !category.takes(&value) {
        return Err(IqError::BadRequest("value"));
    }
    let (mut add, mut remove) = (BTreeSet::new(), BTreeSet::new());
    for user in wanted.get_children_by_tag("user") {
        let who = jid(user, "jid").ok_or(IqError::BadRequest("user without jid"))?;
        let peer = request.core.user(&who).await?.ok_or_else(|| IqError::NotFound(who.to_string()))?;
        if is(user, "action", "remove") {
            remove.insert(peer.pn)
        } else {
            add.insert(peer.pn)
        };
    }
    let origin = request.origin()?;
    let update = |setting: &mut PrivacyRow| {
        setting.value = value;
        setting.except.retain(|peer| !remove.contains(peer));
        setting.except.extend(add);
    };
    let setting = request.core.set_privacy(origin, category, update).await?;
    Ok(node(category, &setting))
}

/// The contacts that a category leaves out.
async fn exceptions(request: &Request, list: &Node) -> Result<Answer, IqError> {
    let name = text(list, "name").ok_or(IqError::BadRequest("list without name"))?;
    let category = Category::named(&name).ok_or(IqError::NotFound(name))?;
    let setting = request.origin()?.account.setting(category);
    let mut users = Vec::new();
    for pn in &setting.except {
        if let Some(peer) = request.core.by_number(*pn).await? {
            users.push(
                NodeBuilder::new("user").attr("jid", peer.lid_jid(0)).attr("pn_jid", peer.pn_jid(0)).build(),
            );
        }
    }
    let list = NodeBuilder::new("list")
        .attr("name", category.name())
        .attr("value", "contact_blacklist")
        .attr("dhash", fingerprint(&setting.except))
        .children(users);
    Ok(Answer::with(NodeBuilder::new("privacy").children([list.build()]).build()))
}

fn node(category: Category, setting: &PrivacyRow) -> Node {
    let node =
        NodeBuilder::new("category").attr("name", category.name()).attr("value", setting.value.as_str());
    if setting.value == "contact_blacklist" {
        return node.attr("dhash", fingerprint(&setting.except)).build();
    }
    node.build()
}

/// What tells one list of accounts from another; clients keep it and hand it back.
pub(super) fn fingerprint<'a>(peers: impl IntoIterator<Item = &'a u64>) -> String {
    let mut digest = Sha256::new();
    for peer in peers {
        digest.update(peer.to_be_bytes());
    }
    hex::encode(&digest.finalize()[..8])
}

/// Makes a token for each contact named. The answer carries none: a client would take what it
/// issued for what it received.
async fn issue_tokens(request: &Request, tokens: &Node) -> Result<Answer, IqError> {
    let issuer = &request.origin()?.account;
    for wanted in tokens.get_children_by_tag("token") {
        let Some(holder) = jid(wanted, "jid") else { continue };
        if let Some(holder) = request.core.user(&holder).await?.filter(|holder| holder.pn != issuer.pn) {
            request.core.issue_token(issuer, &holder).await?;
        }
    }
    Ok(Answer::empty())
}
