//! `<participating>`: all groups of the account, communities among them and also by themselves.

use futures::future::BoxFuture;
use wacore_binary::builder::NodeBuilder;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::groups::{element, info};

pub(super) fn all(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let groups = ask.core.groups.of(ask.me());
        let show = if ask.element.get_optional_child("participants").is_some() { element } else { info };
        let communities = groups.iter().filter(|group| group.is_community());
        let communities = communities.map(|group| show(group, "community"));
        let communities = NodeBuilder::new("communities").children(communities).build();
        let groups = groups.iter().map(|group| show(group, "group"));
        let groups = NodeBuilder::new("groups").children(groups).build();
        Ok(Answer { children: vec![groups, communities], then: None })
    })
}
