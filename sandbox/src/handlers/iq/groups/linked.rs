//! What members of a community see of its groups, and joining one.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use super::invite::came_in;
use crate::groups::{Group, GroupId, Joined, Refusal, element, info, participant};
use crate::nodes::{is, jid};

/// One group of the community, or the community of a group.
pub(super) fn query(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let asked = ask.group()?;
        asked.needs_member(ask.me())?;
        let found = if is(&ask.element, "type", "parent_group") {
            ask.look_up(asked.parent().ok_or(Refusal::NoSuchGroup)?)?
        } else {
            child(&ask, asked.id)?
        };
        let show = if found.needs_member(ask.me()).is_ok() { element } else { info };
        Ok(Answer::with(linked_group(show(&found, "group"))))
    })
}

/// Joins a group of the community.
pub(super) fn join(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let parent = ask.id()?;
        let id = child(&ask, parent)?.id;
        let (joined, announcement) = ask.change(&[id], |work| work.join_linked(parent, id)).await?;
        let group = ask.look_up(id)?;
        let children = match joined {
            Joined::In => vec![linked_group(element(&group, "group"))],
            Joined::Waiting => came_in(&group, joined),
        };
        Ok(Answer { children, then: None }.then(announcement.send()))
    })
}

/// Everybody who is in any group of the community.
pub(super) fn participants(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let parent = community(&ask)?;
        let groups = ask.core.groups.children(parent.id);
        let mut people = BTreeMap::new();
        for group in groups.iter().chain([&parent]) {
            people.extend(group.members.keys().filter_map(|pn| Some((*pn, group.person(*pn)?))));
        }
        let people = people.values().map(|person| participant(person, parent.mode).build());
        Ok(Answer::with(NodeBuilder::new("linked_groups_participants").children(people).build()))
    })
}

/// The groups of the community.
pub(super) fn sub_groups(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let parent = community(&ask)?;
        let groups = ask.core.groups.children(parent.id);
        let groups = groups.iter().map(|group| info(group, "group"));
        Ok(Answer::with(NodeBuilder::new("sub_groups").children(groups).build()))
    })
}

/// The community the request went to, when it is one that the account is in.
fn community(ask: &Ask) -> Result<Arc<Group>, IqError> {
    let parent = ask.group()?;
    parent.needs_member(ask.me())?;
    if parent.is_community() { Ok(parent) } else { Err(Refusal::NotAllowed.into()) }
}

/// The group of a community that the request names.
fn child(ask: &Ask, parent: GroupId) -> Result<Arc<Group>, IqError> {
    let id = jid(&ask.element, "jid").as_ref().and_then(GroupId::of);
    let group = ask.look_up(id.ok_or(IqError::BadRequest("no group named"))?)?;
    if group.parent() == Some(parent) { Ok(group) } else { Err(Refusal::NoSuchGroup.into()) }
}

fn linked_group(group: Node) -> Node {
    NodeBuilder::new("linked_group").children([group]).build()
}
