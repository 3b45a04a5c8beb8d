//! `<leave>`: out of one group or several.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::groups::{GroupId, Refusal};
use crate::nodes::jid;

pub(super) fn set(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let children = ask.element.children().unwrap_or_default();
        let named = children.iter().filter_map(|node| jid(node, "id")).collect::<Vec<_>>();
        let ids: Vec<Option<GroupId>> = named.iter().map(GroupId::of).collect();
        let about: Vec<GroupId> = ids.iter().copied().flatten().collect();
        let leave = |work: &mut crate::groups::Work<'_>| {
            let leave_one =
                |id: &Option<GroupId>| id.ok_or(Refusal::NoSuchGroup).and_then(|id| work.leave(id));
            Ok(ids.iter().map(leave_one).collect::<Vec<_>>())
        };
        let (left, announcement) = ask.change(&about, leave).await?;
        if let [Err(refusal)] = left.as_slice() {
            return Err((*refusal).into());
        }
        let groups = named.iter().zip(left).map(|(jid, left)| {
            let group = NodeBuilder::new("group").attr("id", jid);
            match left {
                Ok(()) => group.build(),
                Err(refusal) => group.attr("error", refusal.code().0).build(),
            }
        });
        let answer = Answer::with(NodeBuilder::new("leave").children(groups).build());
        Ok(answer.then(announcement.send()))
    })
}
