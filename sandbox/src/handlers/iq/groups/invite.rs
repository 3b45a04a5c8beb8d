//! `<invite>`: the link of a group, and coming by one.

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::groups::{Group, Joined, info};
use crate::nodes::text;

pub(super) fn get(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let Some(code) = text(&ask.element, "code") else {
            return Ok(Answer::with(invite(ask.group()?.invite_code(ask.me())?)));
        };
        let group = ask.core.groups.by_code(&code)?;
        let community = group.is_community().then(|| info(&group, "community"));
        let children = std::iter::once(info(&group, "group")).chain(community).collect();
        Ok(Answer { children, then: None })
    })
}

pub(super) fn set(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let Some(code) = text(&ask.element, "code") else {
            let id = ask.id()?;
            let (code, announcement) = ask.change(&[id], |work| work.revoke_link(id)).await?;
            return Ok(Answer::with(invite(&code)).then(announcement.send()));
        };
        let group = ask.core.groups.by_code(&code)?;
        let id = group.id;
        let (joined, announcement) = ask.change(&[id], |work| work.join_by_link(id, &code)).await?;
        Ok(Answer { children: came_in(&group, joined), then: None }.then(announcement.send()))
    })
}

/// Where somebody has come in or asked to; a community goes under both names.
pub(super) fn came_in(group: &Group, joined: Joined) -> Vec<Node> {
    let node = |tag: &'static str| NodeBuilder::new(tag).attr("jid", group.id.jid()).build();
    match joined {
        Joined::Waiting => vec![node("membership_approval_request")],
        Joined::In if group.is_community() => vec![node("group"), node("community")],
        Joined::In => vec![node("group")],
    }
}

fn invite(code: &str) -> Node {
    NodeBuilder::new("invite").attr("code", code).build()
}
