//! What an admin's phone decides about a group.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::groups::{codes, group_jid, participants, unexpected};
use super::{Simulated, new_id};
use crate::nodes::empty;
use crate::ports::PortResult;

/// Changes to a group; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Its name.
    pub subject: Option<String>,
    /// What it is about; the empty text for nothing.
    pub description: Option<String>,
    /// Only admins write.
    pub announcement: Option<bool>,
    /// Only admins change subject, description and disappearing messages.
    pub locked: Option<bool>,
    /// Joining by link needs an admin's approval.
    pub approval: Option<bool>,
    /// Every member may add others.
    pub members_add: Option<bool>,
    /// Lifetime of messages in seconds; 0 for no end.
    pub ephemeral: Option<u32>,
}

impl GroupChange {
    /// One request each, except for the description, which names the one it replaces.
    fn elements(&self) -> Vec<Node> {
        let toggle = |on, tags: (&'static str, &'static str)| empty(if on { tags.0 } else { tags.1 });
        let subject = self
            .subject
            .as_ref()
            .map(|subject| NodeBuilder::new("subject").bytes(subject.as_bytes().to_vec()).build());
        let approval = self.approval.map(|on| {
            let join = NodeBuilder::new("group_join").attr("state", if on { "on" } else { "off" }).build();
            NodeBuilder::new("membership_approval_mode").children([join]).build()
        });
        let members_add = self.members_add.map(|members| {
            let mode = if members { "all_member_add" } else { "admin_add" };
            NodeBuilder::new("member_add_mode").string_content(mode).build()
        });
        let ephemeral = self.ephemeral.map(|seconds| match seconds {
            0 => empty("not_ephemeral"),
            seconds => NodeBuilder::new("ephemeral").attr("expiration", seconds).build(),
        });
        let announcement = self.announcement.map(|on| toggle(on, ("announcement", "not_announcement")));
        let locked = self.locked.map(|on| toggle(on, ("locked", "unlocked")));
        [subject, announcement, locked, approval, members_add, ephemeral].into_iter().flatten().collect()
    }
}

impl Simulated {
    /// Changes what is said and decided about a group, one thing after the other.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or group, `Refused` at the first thing the phone may not change.
    pub async fn change_group(&self, pn: &str, group: &str, change: GroupChange) -> PortResult<()> {
        let jid = group_jid(group)?;
        if let Some(description) = &change.description {
            let replaces = self.description_id(pn, group).await?;
            let mut node = NodeBuilder::new("description").attr("id", new_id(""));
            if let Some(id) = replaces {
                node = node.attr("prev", id);
            }
            let node = if description.is_empty() {
                node.attr("delete", "true").build()
            } else {
                let body = NodeBuilder::new("body").bytes(description.as_bytes().to_vec()).build();
                node.children([body]).build()
            };
            self.ask_groups(pn, "set", jid.clone(), node).await?;
        }
        for element in change.elements() {
            self.ask_groups(pn, "set", jid.clone(), element).await?;
        }
        Ok(())
    }

    async fn description_id(&self, pn: &str, group: &str) -> PortResult<Option<String>> {
        let query = NodeBuilder::new("query").attr("request", "interactive").build();
        let answer = self.ask_groups(pn, "get", group_jid(group)?, query).await?;
        let description = answer.get_optional_child_by_tag(&["group", "description"]);
        Ok(description.and_then(|node| node.attrs().optional_string("id")).map(|id| id.into_owned()))
    }

    /// Lets people in who have asked, or does not; returns the network's code for each number, 200 when done.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or group, `Refused` when the phone is no admin.
    pub async fn decide_requests(
        &self,
        pn: &str,
        group: &str,
        approve: bool,
        members: &[String],
    ) -> PortResult<Vec<(String, u16)>> {
        let tag = if approve { "approve" } else { "reject" };
        let decision = NodeBuilder::new(tag).children(participants(members)).build();
        let action = NodeBuilder::new("membership_requests_action").children([decision]).build();
        let answer = self.ask_groups(pn, "set", group_jid(group)?, action).await?;
        let listed = answer.get_optional_child_by_tag(&["membership_requests_action", tag]);
        Ok(codes(listed.ok_or_else(|| unexpected(tag))?, members))
    }

    /// Links a group with a community, or ends the link; returns the network's code, 200 when done.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or community, `Refused` when the phone may not do this.
    pub async fn link_group(&self, pn: &str, community: &str, group: &str, on: bool) -> PortResult<u16> {
        let named = NodeBuilder::new("group").attr("jid", group_jid(group)?).build();
        let (element, path): (Node, &[&str]) = if on {
            let link = NodeBuilder::new("link").attr("link_type", "sub_group").children([named]).build();
            (NodeBuilder::new("links").children([link]).build(), &["links", "link", "group"])
        } else {
            let unlink = NodeBuilder::new("unlink").attr("unlink_type", "sub_group");
            (unlink.children([named]).build(), &["unlink", "group"])
        };
        let answer = self.ask_groups(pn, "set", group_jid(community)?, element).await?;
        let group = answer.get_optional_child_by_tag(path).ok_or_else(|| unexpected("links"))?;
        let code = group.attrs().optional_u64("error").unwrap_or(200);
        Ok(u16::try_from(code).unwrap_or(500))
    }
}
