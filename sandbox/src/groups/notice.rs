//! What members are told about a change: one action per notification, because some clients
//! read only the first.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::group::{GroupId, Mode, Person, Rank};
use crate::nodes::notification;

/// A notification for all devices of some people.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(super) group: GroupId,
    pub(super) mode: Mode,
    /// Phone numbers.
    pub(super) to: Vec<u64>,
    pub(super) action: Node,
}

impl Notice {
    /// The stanza, stamped with unix seconds; every receiving device gets the same.
    pub(super) fn stanza(self, now: u64, actor: &Person, actor_name: &str) -> Node {
        notification(now, "w:gp2", self.group.jid())
            .attr("participant", actor.jid(self.mode))
            .attr(self.mode.participant_alias(), actor.jid(self.mode.other()))
            .attr("notify", actor_name)
            .attr("addressing_mode", self.mode.as_str())
            .children([self.action])
            .build()
    }
}

/// An element that names somebody in both addressings.
pub(crate) fn addressed(tag: &'static str, person: &Person, mode: Mode) -> NodeBuilder {
    let alias = match mode {
        Mode::Lid => "phone_number",
        Mode::Pn => "lid",
    };
    NodeBuilder::new(tag).attr("jid", person.jid(mode)).attr(alias, person.jid(mode.other()))
}

/// `<participant>` of a group's element, a notification or an answer.
pub(crate) fn participant(person: &Person, mode: Mode) -> NodeBuilder {
    addressed("participant", person, mode)
}

/// `<participant>` with its rank.
pub(super) fn ranked(person: &Person, rank: Rank, mode: Mode) -> Node {
    let node = participant(person, mode);
    match rank.as_str() {
        Some(rank) => node.attr("type", rank).build(),
        None => node.build(),
    }
}

/// An action that concerns some participants.
pub(super) fn action(tag: &'static str, mode: Mode, people: &[Person]) -> NodeBuilder {
    NodeBuilder::new(tag).children(people.iter().map(|person| participant(person, mode).build()))
}
