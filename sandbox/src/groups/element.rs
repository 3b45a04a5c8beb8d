//! `<group>`: how clients see a group.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::group::{Group, Mode, Person, Place, Role, Toggle};
use super::notice::ranked;
use crate::nodes::empty;

/// The group with its members, under the tag a request is answered with.
pub(crate) fn element(group: &Group, tag: &'static str) -> Node {
    let members = group
        .members
        .iter()
        .map(|(pn, member)| ranked(&Person { pn: *pn, lid: member.lid.clone() }, member.rank, group.mode));
    head(group, tag).children(members.chain(details(group))).build()
}

/// The group as somebody sees it who is not a member: how many there are, not who.
pub(crate) fn info(group: &Group, tag: &'static str) -> Node {
    head(group, tag).children(details(group)).build()
}

/// Clients take the bare digits as well as the whole address; some append the server by themselves.
fn head(group: &Group, tag: &'static str) -> NodeBuilder {
    let node = NodeBuilder::new(tag)
        .attr("id", group.id.digits())
        .attr("subject", group.subject.text.as_str())
        .attr("s_t", group.subject.at)
        .attr("creation", group.created)
        .attr("size", group.members.len())
        .attr("addressing_mode", group.mode.as_str());
    let node = signed(node, ("creator", "creator_pn"), &group.creator, group.mode);
    signed(node, ("s_o", "s_o_pn"), &group.subject.by, group.mode)
}

/// Names somebody, by phone number as well where the group does not address by it.
pub(super) fn signed(
    node: NodeBuilder,
    (key, pn_key): (&'static str, &'static str),
    by: &Person,
    mode: Mode,
) -> NodeBuilder {
    let node = node.attr(key, by.jid(mode));
    match mode {
        Mode::Lid => node.attr(pn_key, by.jid(Mode::Pn)),
        Mode::Pn => node,
    }
}

fn details(group: &Group) -> Vec<Node> {
    let settings = &group.settings;
    let mut children: Vec<Node> =
        Toggle::ALL.iter().filter(|(toggle, ..)| group.is(*toggle)).map(|(_, on, _)| empty(on)).collect();
    if let Some(description) = &group.description {
        let body = NodeBuilder::new("body").bytes(description.text.as_bytes().to_vec()).build();
        let node =
            NodeBuilder::new("description").attr("id", description.id.as_str()).attr("t", description.at);
        let node = signed(node, ("participant", "participant_pn"), &description.by, group.mode);
        children.push(node.children([body]).build());
    }
    if let Some(ephemeral) = &settings.ephemeral {
        children.push(ephemeral.element());
    }
    // Its presence alone means "on" to some clients.
    if settings.approval {
        children.push(approval_mode(true));
    }
    children.push(text("member_add_mode", member_add_mode(settings.members_add)));
    children.push(text("member_link_mode", link_mode(settings.members_link)));
    let share = share_history_mode(settings.members_share_history);
    children.push(text("member_share_group_history_mode", share));
    children.extend(settings.limit_sharing.then(|| empty("limit_sharing_enabled")));
    children.extend(place(group.place));
    children
}

fn place(place: Place) -> Vec<Node> {
    match place {
        Place::Alone => Vec::new(),
        Place::Community { closed } => {
            let parent = NodeBuilder::new("parent");
            let key = "default_membership_approval_mode";
            vec![if closed { parent.attr(key, "request_required").build() } else { parent.build() }]
        }
        Place::SubGroup { parent, role } => {
            let parent = NodeBuilder::new("linked_parent").attr("jid", parent.jid()).build();
            let role = match role {
                Role::Announcements => Some(empty("default_sub_group")),
                Role::General => Some(empty("general_chat")),
                Role::Linked => None,
            };
            std::iter::once(parent).chain(role).collect()
        }
    }
}

impl super::Ephemeral {
    /// `<ephemeral>`, in a group's element and in the notification.
    pub(super) fn element(self) -> Node {
        let node = NodeBuilder::new("ephemeral").attr("expiration", self.expiration);
        match self.trigger {
            Some(trigger) => node.attr("trigger", trigger).build(),
            None => node.build(),
        }
    }
}

/// `<membership_approval_mode>`, in a group's element and in the notification.
pub(super) fn approval_mode(on: bool) -> Node {
    let join = NodeBuilder::new("group_join").attr("state", if on { "on" } else { "off" }).build();
    NodeBuilder::new("membership_approval_mode").children([join]).build()
}

/// Content of `<member_add_mode>`.
pub(super) fn member_add_mode(members: bool) -> &'static str {
    if members { "all_member_add" } else { "admin_add" }
}

/// Content of `<member_link_mode>`.
pub(super) fn link_mode(members: bool) -> &'static str {
    if members { "all_member_link" } else { "admin_link" }
}

/// Content of `<member_share_group_history_mode>`.
pub(super) fn share_history_mode(members: bool) -> &'static str {
    if members { "all_member_share" } else { "admin_share" }
}

/// An element with text in it.
pub(super) fn text(tag: &'static str, text: &'static str) -> Node {
    NodeBuilder::new(tag).string_content(text).build()
}
