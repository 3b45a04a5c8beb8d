//! What a group is called and what its admins decide about it.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::create::{check_description, check_subject};
use super::element::{approval_mode, link_mode, member_add_mode, share_history_mode, signed, text};
use super::group::{Description, Ephemeral, GroupId, Settings, Subject, Toggle};
use super::refusal::Refusal;
use super::work::Work;
use crate::nodes::empty;

/// One setting and its new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Property {
    Toggle(Toggle, bool),
    Ephemeral(Option<Ephemeral>),
    Approval(bool),
    MembersAdd(bool),
    MembersLink(bool),
    MembersShareHistory(bool),
    LimitSharing(bool),
}

impl Property {
    fn apply(self, settings: &mut Settings) {
        match self {
            Self::Toggle(toggle, true) => {
                settings.on.insert(toggle);
            }
            Self::Toggle(toggle, false) => {
                settings.on.remove(&toggle);
            }
            Self::Ephemeral(ephemeral) => settings.ephemeral = ephemeral,
            Self::Approval(on) => settings.approval = on,
            Self::MembersAdd(members) => settings.members_add = members,
            Self::MembersLink(members) => settings.members_link = members,
            Self::MembersShareHistory(members) => settings.members_share_history = members,
            Self::LimitSharing(on) => settings.limit_sharing = on,
        }
    }

    /// What members are told; for the end of limited sharing clients know no element.
    fn action(self) -> Option<Node> {
        Some(match self {
            Self::Toggle(toggle, on) => {
                let (_, tag_on, tag_off) = Toggle::ALL.into_iter().find(|(t, ..)| *t == toggle)?;
                empty(if on { tag_on } else { tag_off })
            }
            Self::Ephemeral(Some(ephemeral)) => ephemeral.element(),
            Self::Ephemeral(None) => empty("not_ephemeral"),
            Self::Approval(on) => approval_mode(on),
            Self::MembersAdd(members) => text("member_add_mode", member_add_mode(members)),
            Self::MembersLink(members) => text("member_link_mode", link_mode(members)),
            Self::MembersShareHistory(members) => {
                text("member_share_group_history_mode", share_history_mode(members))
            }
            Self::LimitSharing(on) => on.then(|| empty("limit_sharing_enabled"))?,
        })
    }
}

impl Work<'_> {
    /// Changes a setting; nobody is told of what was so before.
    pub(crate) fn set(&mut self, id: GroupId, property: Property) -> Result<(), Refusal> {
        let group = self.get(id)?;
        match property {
            Property::Ephemeral(_) => group.needs_editor(self.actor.pn)?,
            _ => group.needs_admin(self.actor.pn)?,
        }
        let mut settings = group.settings.clone();
        property.apply(&mut settings);
        if settings == group.settings {
            return Ok(());
        }
        self.edit(id)?.settings = settings;
        if let Some(action) = property.action() {
            self.announce(id, &[], action);
        }
        Ok(())
    }

    /// Renames a group.
    pub(crate) fn set_subject(&mut self, id: GroupId, text: String) -> Result<(), Refusal> {
        check_subject(&text)?;
        let group = self.get(id)?;
        group.needs_editor(self.actor.pn)?;
        let subject = Subject { text, by: self.actor.clone(), at: self.now };
        let action =
            NodeBuilder::new("subject").attr("subject", subject.text.as_str()).attr("s_t", subject.at);
        let action = signed(action, ("s_o", "s_o_pn"), &subject.by, group.mode).build();
        self.edit(id)?.subject = subject;
        self.announce(id, &[], action);
        Ok(())
    }

    /// Describes a group anew, or not at all; `replaces` is the id of the description the client knows.
    pub(crate) fn set_description(
        &mut self,
        id: GroupId,
        (new_id, text): (String, Option<String>),
        replaces: Option<&str>,
    ) -> Result<(), Refusal> {
        let group = self.get(id)?;
        group.needs_editor(self.actor.pn)?;
        check_description(text.as_deref().unwrap_or_default())?;
        if group.description.as_ref().map(|description| description.id.as_str()) != replaces {
            return Err(Refusal::Conflict);
        }
        let inner = match &text {
            Some(text) => NodeBuilder::new("body").bytes(text.as_bytes().to_vec()).build(),
            None => empty("delete"),
        };
        let action = NodeBuilder::new("description").attr("id", new_id.as_str()).children([inner]).build();
        let (by, at) = (self.actor.clone(), self.now);
        self.edit(id)?.description = text.map(|text| Description { id: new_id, text, by, at });
        self.announce(id, &[], action);
        Ok(())
    }
}
