//! `<pictures>`: where the pictures of several groups are.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;

use super::super::picture::shown;
use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::groups::GroupId;
use crate::nodes::{is, jid};

pub(super) fn get(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let mut pictures = Vec::new();
        for wanted in ask.element.get_children_by_tag("picture") {
            let Some(asked) = jid(wanted, "jid") else { continue };
            let group = GroupId::of(&asked).and_then(|id| ask.core.groups.get(id));
            if group.is_none_or(|group| group.needs_member(ask.me()).is_err()) {
                continue;
            }
            let picture = ask.core.state.picture(&asked.to_string()).await?;
            let node = picture.map_or_else(
                || NodeBuilder::new("picture"),
                |picture| shown(&ask.core, &picture, is(wanted, "type", "preview")),
            );
            pictures.push(node.attr("jid", asked).build());
        }
        Ok(Answer::with(NodeBuilder::new("pictures").children(pictures).build()))
    })
}
