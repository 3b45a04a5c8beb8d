//! `<links>`, `<unlink>`, `<delete_parent>`: which groups a community has.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::groups::{GroupId, Refusal};
use crate::nodes::{is, jid};

pub(super) fn link(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let parent = ask.group()?;
        let link = ask.element.get_optional_child("link").ok_or(IqError::BadRequest("links without link"))?;
        let named = groups(link);
        let about: Vec<GroupId> = named.iter().filter_map(|(jid, _)| GroupId::of(jid)).collect();
        let rule = |work: &mut crate::groups::Work<'_>| {
            let one = |(jid, _): &(Jid, bool)| {
                GroupId::of(jid).ok_or(Refusal::NoSuchGroup).and_then(|id| work.link(parent.id, id))
            };
            Ok(named.iter().map(one).collect::<Vec<_>>())
        };
        let (outcomes, announcement) = ask.change(&[&[parent.id], about.as_slice()].concat(), rule).await?;
        let link =
            NodeBuilder::new("link").attr("link_type", "sub_group").children(results(&named, &outcomes));
        let answer = Answer::with(NodeBuilder::new("links").children([link.build()]).build());
        Ok(answer.then(announcement.send()))
    })
}

pub(super) fn unlink(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let parent = ask.group()?;
        let named = groups(&ask.element);
        let rule = |work: &mut crate::groups::Work<'_>| {
            let one = |(jid, orphans): &(Jid, bool)| {
                let id = GroupId::of(jid).ok_or(Refusal::NoSuchGroup)?;
                work.unlink(parent.id, id, *orphans)
            };
            Ok(named.iter().map(one).collect::<Vec<_>>())
        };
        let (outcomes, announcement) = ask.change(&[parent.id], rule).await?;
        let unlink = NodeBuilder::new("unlink").attr("unlink_type", "sub_group");
        let answer = Answer::with(unlink.children(results(&named, &outcomes)).build());
        Ok(answer.then(announcement.send()))
    })
}

pub(super) fn dissolve(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let parent = ask.id()?;
        let ((), announcement) = ask.change(&[parent], |work| work.dissolve(parent)).await?;
        Ok(Answer::empty().then(announcement.send()))
    })
}

/// Groups named in an element, and whether those who are in no other group shall leave with them.
fn groups(element: &Node) -> Vec<(Jid, bool)> {
    let groups = element.get_children_by_tag("group");
    groups.filter_map(|node| Some((jid(node, "jid")?, is(node, "remove_orphaned_members", "true")))).collect()
}

/// One group per group of the request.
fn results<'a>(
    named: &'a [(Jid, bool)],
    outcomes: &'a [Result<(), Refusal>],
) -> impl Iterator<Item = Node> + 'a {
    named.iter().zip(outcomes).map(|((jid, _), outcome)| {
        let group = NodeBuilder::new("group").attr("jid", jid);
        match outcome {
            Ok(()) => group.build(),
            Err(refusal) => group.attr("error", refusal.code().0).build(),
        }
    })
}
