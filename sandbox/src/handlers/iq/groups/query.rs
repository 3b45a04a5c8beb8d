//! `<query>`: one group, or several at once.

use futures::future::BoxFuture;
use wacore::messages::MessageUtils;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::groups::{Group, GroupId, element};
use crate::nodes::{jid, text};

pub(super) fn get(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        if ask.element.get_optional_child("group").is_some() {
            return Ok(several(&ask));
        }
        let group = ask.group()?;
        group.needs_member(ask.me())?;
        let known = text(&ask.element, "phash");
        if known.is_some() && known == member_hash(&group)? {
            return Ok(Answer::empty());
        }
        Ok(Answer { children: elements(&group), then: None })
    })
}

/// A community goes under both names: some clients look for one, some for the other.
pub(super) fn elements(group: &Group) -> Vec<Node> {
    let mut elements = vec![element(group, "group")];
    if group.is_community() {
        elements.push(element(group, "community"));
    }
    elements
}

/// What a client that has the members already sends to spare itself the answer.
fn member_hash(group: &Group) -> Result<Option<String>, IqError> {
    let members: Vec<Jid> =
        group.members.keys().filter_map(|pn| Some(group.person(*pn)?.jid(group.mode))).collect();
    Ok(Some(MessageUtils::participant_list_hash(&members)?))
}

fn several(ask: &Ask) -> Answer {
    let groups = ask.element.get_children_by_tag("group").filter_map(|node| {
        let asked = jid(node, "jid")?;
        let error = |code: u16| NodeBuilder::new("group").attr("id", &asked).attr("error", code).build();
        Some(match GroupId::of(&asked).and_then(|id| ask.core.groups.get(id)) {
            None => error(404),
            Some(group) if group.needs_member(ask.me()).is_err() => error(403),
            Some(group) => element(&group, "group"),
        })
    });
    Answer::with(NodeBuilder::new("groups").children(groups).build())
}
