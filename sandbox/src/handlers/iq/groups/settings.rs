//! Settings: each element is a setting and its value.

use wacore_binary::Node;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::groups::{Ephemeral, Property, Toggle};
use crate::nodes::{content, is, number};

/// The setting an element changes.
pub(super) fn property(element: &Node) -> Option<Property> {
    let says = |value: &str| content(element) == value.as_bytes();
    match element.tag.as_ref() {
        "ephemeral" => {
            let seconds = number(element, "expiration").and_then(|seconds| u32::try_from(seconds).ok())?;
            let trigger = number(element, "trigger").and_then(|trigger| u32::try_from(trigger).ok());
            let ephemeral = Ephemeral { expiration: seconds, trigger };
            Some(Property::Ephemeral((seconds > 0).then_some(ephemeral)))
        }
        "not_ephemeral" => Some(Property::Ephemeral(None)),
        // `<group_join>`; some clients name it differently for a community.
        "membership_approval_mode" => {
            let state = element.children()?.first()?;
            Some(Property::Approval(is(state, "state", "on")))
        }
        "member_add_mode" => Some(Property::MembersAdd(says("all_member_add"))),
        "member_link_mode" => Some(Property::MembersLink(says("all_member_link"))),
        "member_share_group_history_mode" => Some(Property::MembersShareHistory(says("all_member_share"))),
        tag => Toggle::ALL.iter().find_map(|(toggle, on, off)| {
            (tag == *on || tag == *off).then(|| Property::Toggle(*toggle, tag == *on))
        }),
    }
}

pub(super) async fn set(ask: Ask, property: Property) -> Result<Answer, IqError> {
    let id = ask.id()?;
    let ((), announcement) = ask.change(&[id], |work| work.set(id, property)).await?;
    Ok(Answer::empty().then(announcement.send()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wacore_binary::builder::NodeBuilder;

    #[test]
    fn each_element_is_a_setting() {
        let plain = |tag: &'static str| property(&NodeBuilder::new(tag).build());
        for (toggle, on, off) in Toggle::ALL {
            assert_eq!(plain(on), Some(Property::Toggle(toggle, true)));
            assert_eq!(plain(off), Some(Property::Toggle(toggle, false)));
        }
        assert_eq!(plain("not_ephemeral"), Some(Property::Ephemeral(None)));
        assert_eq!(plain("ephemeral"), None);
        assert_eq!(plain("subject"), None);
        let day = NodeBuilder::new("ephemeral").attr("expiration", 86_400).build();
        let ephemeral = Ephemeral { expiration: 86_400, trigger: None };
        assert_eq!(property(&day), Some(Property::Ephemeral(Some(ephemeral))));
        let mode = |tag, text: &'static str| property(&NodeBuilder::new(tag).string_content(text).build());
        assert_eq!(mode("member_add_mode", "admin_add"), Some(Property::MembersAdd(false)));
        assert_eq!(mode("member_link_mode", "all_member_link"), Some(Property::MembersLink(true)));
    }
}
