//! `<create>`: a group, a community, or a group of a community.

use futures::future::BoxFuture;
use wacore_binary::Node;

use super::super::request::{Answer, IqError};
use super::ask::Ask;
use crate::groups::{Ephemeral, GroupId, Mode, NewGroup, Place, Role, Settings, Toggle, element};
use crate::nodes::{child_content, content, fresh_id, is, jid, number, text};

pub(super) fn set(ask: Ask) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let new = read(&ask.element)?;
        let about = match new.place {
            Place::SubGroup { parent, .. } => vec![parent],
            Place::Alone | Place::Community { .. } => Vec::new(),
        };
        let named = ask.participants(&ask.element).await?;
        let mut wanted = ask.candidates(&named);
        wanted.retain(|candidate| candidate.person.pn != ask.me());
        let (id, announcement) = ask.change(&about, |work| work.create(&new, &wanted)).await?;
        let group = ask.look_up(id)?;
        Ok(Answer::with(element(&group, "group")).then(announcement.send()))
    })
}

/// `addressing_mode` is an addition of this network: clients leave the choice to the service.
fn read(create: &Node) -> Result<NewGroup, IqError> {
    let mode = match text(create, "addressing_mode") {
        Some(mode) => Mode::parse(&mode).ok_or(IqError::BadRequest("addressing_mode"))?,
        None => Mode::default(),
    };
    let place = match (create.get_optional_child("linked_parent"), create.get_optional_child("parent")) {
        (Some(linked), _) => {
            let parent = jid(linked, "jid").as_ref().and_then(GroupId::of);
            let parent = parent.ok_or(IqError::BadRequest("linked_parent without group"))?;
            Place::SubGroup { parent, role: Role::Linked }
        }
        (None, Some(parent)) => {
            let closed = is(parent, "default_membership_approval_mode", "request_required");
            Place::Community { closed }
        }
        (None, None) => Place::Alone,
    };
    let mut settings = settings(create);
    settings.approval |= place == Place::Community { closed: true };
    Ok(NewGroup {
        subject: text(create, "subject").unwrap_or_default(),
        description: create.get_optional_child("description").and_then(description),
        mode,
        settings,
        place,
        general_chat: create.get_optional_child("create_general_chat").is_some(),
        key: text(create, "key"),
    })
}

fn settings(create: &Node) -> Settings {
    let has = |tag| create.get_optional_child(tag).is_some();
    let says = |tag, value: &str| child_content(create, tag).is_some_and(|text| text == value.as_bytes());
    let approval = create.get_optional_child("membership_approval_mode");
    let expiration = create.get_optional_child("ephemeral").and_then(|node| number(node, "expiration"));
    let ephemeral = expiration.and_then(|seconds| u32::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    Settings {
        on: Toggle::ALL.iter().filter(|(_, on, _)| has(on)).map(|(toggle, ..)| *toggle).collect(),
        ephemeral: ephemeral.map(|expiration| Ephemeral { expiration, trigger: None }),
        approval: approval
            .and_then(|mode| mode.get_optional_child("group_join"))
            .is_some_and(|join| is(join, "state", "on")),
        members_add: !says("member_add_mode", "admin_add"),
        members_link: says("member_link_mode", "all_member_link"),
        ..Settings::default()
    }
}

/// Id and text; an empty one counts as none.
fn description(node: &Node) -> Option<(String, String)> {
    let body = String::from_utf8_lossy(content(node.get_optional_child("body")?)).into_owned();
    (!body.is_empty()).then(|| (text(node, "id").unwrap_or_else(fresh_id), body))
}
