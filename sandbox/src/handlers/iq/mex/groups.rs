//! Groups by GraphQL: settings that have no element of their own, and the groups of a community.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use wacore::iq::mex_operations::{
    fetch_all_subgroups, query_subgroup_participant_count, update_group_property,
};
use wacore_binary::Jid;

use super::{Call, Data, IqError, Operation};
use crate::groups::{Group, GroupId, Mode, Property, Refusal, Role};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { ids: &[update_group_property::DOC_ID], key: "xwa2_group_update_property", run: update },
    Operation { ids: &[fetch_all_subgroups::DOC_ID], key: "xwa2_group_query_by_id", run: sub_groups },
    Operation {
        ids: &[query_subgroup_participant_count::DOC_ID],
        key: "xwa2_group_query_by_id",
        run: counts,
    },
];

fn update(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let id = group_id(call.required("/group_id", "group_id")?)?;
        let update = call.variables.pointer("/update").and_then(property);
        let property = update.ok_or(IqError::BadRequest("update"))?;
        let rule = |work: &mut crate::groups::Work<'_>| work.set(id, property);
        let ((), announcement) = call.core.change_groups(&call.origin, &[id], rule).await??;
        let state = json!({ "id": id.jid().to_string(), "state": "ACTIVE" });
        Ok(Data::of(state).then(announcement.send()))
    })
}

/// Exactly one property is updated at a time.
fn property(update: &Value) -> Option<Property> {
    let (name, value) = update.as_object()?.iter().next()?;
    match name.as_str() {
        "member_link_mode" => Some(Property::MembersLink(value == "ALL_MEMBER_LINK")),
        "member_share_group_history_mode" => Some(Property::MembersShareHistory(value == "ALL_MEMBER_SHARE")),
        "limit_sharing" => value.get("limit_sharing_enabled")?.as_bool().map(Property::LimitSharing),
        _ => None,
    }
}

fn sub_groups(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let (parent, groups) = community(&call, call.required("/group_id", "group_id")?)?;
        let (news, others): (Vec<_>, Vec<_>) =
            groups.iter().partition(|group| group.role() == Some(Role::Announcements));
        let edges: Vec<Value> = others.iter().map(|group| json!({ "node": described(group) })).collect();
        Ok(Data::of(json!({
            "id": parent.id.jid().to_string(),
            "default_sub_group": news.first().map(|group| described(group)),
            "sub_groups": { "edges": edges },
        })))
    })
}

fn counts(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let (parent, groups) = community(&call, call.required("/input/group_jid", "input.group_jid")?)?;
        let edge = |group: &Arc<Group>| {
            let id = group.id.jid().to_string();
            json!({ "node": { "id": id, "total_participants_count": group.members.len() } })
        };
        let edges: Vec<Value> = groups.iter().map(edge).collect();
        Ok(Data::of(json!({ "id": parent.id.jid().to_string(), "sub_groups": { "edges": edges } })))
    })
}

fn described(group: &Group) -> Value {
    json!({
        "id": group.id.jid().to_string(),
        "subject": { "value": group.subject.text, "creation_time": group.subject.at },
        "creation_time": group.created,
        "creator": { "id": group.creator.jid(group.mode).to_string(), "pn": group.creator.jid(Mode::Pn).to_string() },
        "total_participants_count": group.members.len(),
        "membership_approval_requests": { "total_count": group.admission.requests().count() },
        "properties": {
            "general_chat": if group.role() == Some(Role::General) { "1" } else { "0" },
            "hidden_group": "0",
            "membership_approval_mode_enabled": group.settings.approval,
        },
    })
}

fn group_id(text: &str) -> Result<GroupId, IqError> {
    let jid: Option<Jid> = text.parse().ok();
    Ok(jid.as_ref().and_then(GroupId::of).ok_or(Refusal::NoSuchGroup)?)
}

/// A community that the account is in, and the groups linked with it.
fn community(call: &Call, id: &str) -> Result<(Arc<Group>, Vec<Arc<Group>>), IqError> {
    let parent = call.core.groups.get(group_id(id)?).ok_or(Refusal::NoSuchGroup)?;
    parent.needs_member(call.origin.account.pn)?;
    let groups = call.core.groups.children(parent.id);
    Ok((parent, groups))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_update_is_a_property() {
        let table = [
            (json!({ "member_link_mode": "ALL_MEMBER_LINK" }), Some(Property::MembersLink(true))),
            (json!({ "member_link_mode": "ADMIN_LINK" }), Some(Property::MembersLink(false))),
            (
                json!({ "member_share_group_history_mode": "ALL_MEMBER_SHARE" }),
                Some(Property::MembersShareHistory(true)),
            ),
            (
                json!({ "limit_sharing": { "limit_sharing_enabled": true } }),
                Some(Property::LimitSharing(true)),
            ),
            (json!({ "colour": "red" }), None),
            (json!({}), None),
            (json!("text"), None),
        ];
        for (update, expected) in table {
            assert_eq!(property(&update), expected, "{update}");
        }
    }
}
