//! What a user of a phone does with groups: makes them, brings people in and out, joins, leaves.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use super::{Simulated, new_id};
use crate::nodes::empty;
use crate::ports::{PortError, PortResult};

/// A group to make.
#[derive(Debug, Clone, Default)]
pub struct NewGroup {
    /// Its name.
    pub subject: String,
    /// What it is about.
    pub description: Option<String>,
    /// Phone numbers of members besides the maker, digits.
    pub members: Vec<String>,
    /// Whether members are addressed by phone number instead of LID in the group's stanzas.
    pub by_number: bool,
    /// Whether it is a community: the parent of an announcement group and of a general chat.
    pub community: bool,
    /// JID of the community it is to belong to.
    pub parent: Option<String>,
}

/// What to do with members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembersChange {
    /// Bring them in.
    Add,
    /// Put them out.
    Remove,
    /// Make them admins.
    Promote,
    /// Make them plain members.
    Demote,
}

impl MembersChange {
    fn tag(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Promote => "promote",
            Self::Demote => "demote",
        }
    }
}

/// What became of a wish to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedGroup {
    /// The group's JID.
    pub group: String,
    /// Whether an admin has to let the phone in first.
    pub waiting: bool,
}

impl Simulated {
    /// Makes a group and returns its JID. Members who do not let themselves be added are left out.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone, `Refused` with the network's code otherwise.
    pub async fn create_group(&self, pn: &str, new: NewGroup) -> PortResult<String> {
        let mut create = NodeBuilder::new("create").attr("subject", new.subject.as_str());
        if new.by_number {
            create = create.attr("addressing_mode", "pn");
        }
        let description = new.description.map(|text| {
            let body = NodeBuilder::new("body").bytes(text.into_bytes()).build();
            NodeBuilder::new("description").attr("id", new_id("")).children([body]).build()
        });
        let mut place = Vec::new();
        if new.community {
            place.extend([empty("parent"), empty("create_general_chat")]);
        }
        if let Some(parent) = &new.parent {
            place.push(NodeBuilder::new("linked_parent").attr("jid", group_jid(parent)?).build());
        }
        let create = create.children(participants(&new.members).chain(description).chain(place)).build();
        let answer = self.ask_groups(pn, "set", all_groups(), create).await?;
        let group = answer.get_optional_child("group").and_then(|group| group.attrs().optional_string("id"));
        let id = group.ok_or_else(|| unexpected("create"))?;
        Ok(Jid::group(id.into_owned()).to_string())
    }

    /// Brings people in or out, up or down; returns the network's code for each number, 200 when done.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or group, `Refused` when the phone may not do this.
    pub async fn change_members(
        &self,
        pn: &str,
        group: &str,
        change: MembersChange,
        members: &[String],
    ) -> PortResult<Vec<(String, u16)>> {
        let element = NodeBuilder::new(change.tag()).children(participants(members)).build();
        let answer = self.ask_groups(pn, "set", group_jid(group)?, element).await?;
        let listed = answer.get_optional_child(change.tag()).ok_or_else(|| unexpected(change.tag()))?;
        Ok(codes(listed, members))
    }

    /// Joins by the code of an invite link.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone, `Refused` when the code does not lead in.
    pub async fn join_group(&self, pn: &str, code: &str) -> PortResult<JoinedGroup> {
        let invite = NodeBuilder::new("invite").attr("code", code).build();
        let answer = self.ask_groups(pn, "set", all_groups(), invite).await?;
        for (tag, waiting) in [("group", false), ("membership_approval_request", true)] {
            let node = answer.get_optional_child(tag);
            if let Some(jid) = node.and_then(|node| node.attrs().optional_jid("jid")) {
                return Ok(JoinedGroup { group: jid.to_string(), waiting });
            }
        }
        Err(unexpected("invite"))
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or group, `Refused` when it is not a member.
    pub async fn leave_group(&self, pn: &str, group: &str) -> PortResult<()> {
        let group = NodeBuilder::new("group").attr("id", group_jid(group)?).build();
        self.ask_groups(pn, "set", all_groups(), NodeBuilder::new("leave").children([group]).build()).await?;
        Ok(())
    }

    pub(super) async fn ask_groups(
        &self,
        pn: &str,
        kind: &'static str,
        to: Jid,
        element: Node,
    ) -> PortResult<Node> {
        let iq = NodeBuilder::new("iq").attr("type", kind).attr("xmlns", "w:g2").attr("to", to);
        self.ask(pn, iq.children([element])).await
    }
}

pub(super) fn participants(members: &[String]) -> impl Iterator<Item = Node> {
    members.iter().map(|pn| NodeBuilder::new("participant").attr("jid", Jid::pn(pn.as_str())).build())
}

/// The network's code for each number: one participant per participant of the request, in its order.
pub(super) fn codes(listed: &Node, members: &[String]) -> Vec<(String, u16)> {
    let codes = listed.get_children_by_tag("participant").map(|participant| {
        let code = participant.attrs().optional_u64("error").unwrap_or(200);
        u16::try_from(code).unwrap_or(500)
    });
    members.iter().cloned().zip(codes).collect()
}

/// Address of requests that concern no group yet, or several.
fn all_groups() -> Jid {
    Jid::new("", Server::Group)
}

pub(super) fn group_jid(group: &str) -> PortResult<Jid> {
    let jid = group.parse::<Jid>().ok().filter(|jid| jid.server == Server::Group);
    jid.ok_or_else(|| PortError::Refused(format!("{group} is not a group")))
}

pub(super) fn unexpected(request: &str) -> PortError {
    PortError::Internal(anyhow::anyhow!("unexpected answer to <{request}>"))
}
