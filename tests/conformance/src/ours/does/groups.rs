//! Groups.

use serde_json::{Value, json};
use wacore_binary::Jid;
use whatsapp_rust::{
    Client, GroupCreateOptions, GroupDescription, GroupMetadata, GroupParticipantOptions, GroupSubject,
    JoinGroupResult, MemberAddMode, MembershipApprovalMode, ParticipantType, PreviousDescription,
};

use super::super::refusal;
use super::{failed, jid};
use crate::client::Refusal;
use crate::{Act, Setting};

pub(super) fn jids(texts: &[String]) -> Result<Vec<Jid>, Refusal> {
    texts.iter().map(|text| jid(text)).collect()
}

pub(super) async fn create(client: &Client, subject: String, members: &[String]) -> Result<Value, Refusal> {
    let participants = jids(members)?.into_iter().map(GroupParticipantOptions::new).collect();
    let options = GroupCreateOptions::builder().subject(subject).participants(participants).build();
    let made = client.groups().create_group(options).await.map_err(failed)?;
    Ok(json!({ "group": made.metadata.id.to_string() }))
}

pub(super) async fn describe(client: &Client, group: &Jid) -> Result<Value, Refusal> {
    Ok(shown(&client.groups().get_metadata(group).await.map_err(failed)?))
}

pub(super) async fn all(client: &Client) -> Result<Value, Refusal> {
    let groups = client.groups().get_participating().await.map_err(failed)?;
    let groups: Vec<String> = groups.keys().map(ToString::to_string).collect();
    Ok(json!({ "groups": groups }))
}

pub(super) async fn set(client: &Client, group: &Jid, setting: Setting) -> Result<Value, Refusal> {
    let groups = client.groups();
    match setting {
        Setting::Subject { text } => {
            groups.set_subject(group, GroupSubject::new(text).map_err(refusal)?).await
        }
        Setting::Description { text } => {
            let text = GroupDescription::new(text).map_err(refusal)?;
            groups.set_description(group, Some(text), PreviousDescription::Resolve).await
        }
        Setting::Announcement { on } => groups.set_announce(group, on).await,
        Setting::Locked { on } => groups.set_locked(group, on).await,
        Setting::Disappearing { seconds } => groups.set_ephemeral(group, seconds).await,
        Setting::Approval { on } => {
            let mode = if on { MembershipApprovalMode::On } else { MembershipApprovalMode::Off };
            groups.set_membership_approval(group, mode).await
        }
        Setting::MembersAdd { on } => {
            let mode = if on { MemberAddMode::AllMemberAdd } else { MemberAddMode::AdminAdd };
            groups.set_member_add_mode(group, mode).await
        }
    }
    .map_err(failed)?;
    Ok(Value::Null)
}

pub(super) async fn members(
    client: &Client,
    group: &Jid,
    act: Act,
    who: &[String],
) -> Result<Value, Refusal> {
    let (groups, who) = (client.groups(), jids(who)?);
    match act {
        Act::Add | Act::Remove => {
            let changed = if act == Act::Add {
                groups.add_participants(group, &who).await
            } else {
                groups.remove_participants(group, &who).await
            };
            let refused: Vec<Value> = changed
                .map_err(failed)?
                .iter()
                .filter(|change| !change.is_ok())
                .map(|change| json!({ "who": change.jid.to_string(), "code": change.error }))
                .collect();
            return Ok(json!({ "refused": refused }));
        }
        Act::Promote => groups.promote_participants(group, &who).await.map(drop),
        Act::Demote => groups.demote_participants(group, &who).await.map(drop),
    }
    .map_err(failed)?;
    Ok(json!({ "refused": [] }))
}

pub(super) async fn leave(client: &Client, group: &Jid) -> Result<Value, Refusal> {
    client.groups().leave(group).await.map_err(failed)?;
    Ok(Value::Null)
}

pub(super) async fn invite(client: &Client, group: &Jid, fresh: bool) -> Result<Value, Refusal> {
    let link = client.groups().get_invite_link(group, fresh).await.map_err(failed)?;
    let code = link.rsplit('/').next().unwrap_or_default();
    Ok(json!({ "code": code }))
}

pub(super) async fn invited(client: &Client, code: &str) -> Result<Value, Refusal> {
    Ok(shown(&client.groups().get_invite_info(code).await.map_err(failed)?))
}

pub(super) async fn join(client: &Client, code: &str) -> Result<Value, Refusal> {
    let joined = client.groups().join_with_invite_code(code).await.map_err(failed)?;
    let waits = matches!(joined, JoinGroupResult::PendingApproval(_));
    Ok(json!({ "group": joined.group_jid().to_string(), "waits": waits }))
}

pub(super) async fn requests(client: &Client, group: &Jid) -> Result<Value, Refusal> {
    let waiting = client.groups().get_membership_requests(group).await.map_err(failed)?;
    let who: Vec<String> = waiting.iter().map(|request| request.jid.to_string()).collect();
    Ok(json!({ "who": who }))
}

pub(super) async fn decide(
    client: &Client,
    group: &Jid,
    who: &[String],
    admit: bool,
) -> Result<Value, Refusal> {
    let (groups, who) = (client.groups(), jids(who)?);
    if admit {
        groups.approve_membership_requests(group, &who).await.map_err(failed)?;
    } else {
        groups.reject_membership_requests(group, &who).await.map_err(failed)?;
    }
    Ok(Value::Null)
}

fn shown(group: &GroupMetadata) -> Value {
    let members: Vec<Value> = group
        .participants
        .iter()
        .map(|member| {
            let admin = match member.participant_type {
                ParticipantType::SuperAdmin => Some("superadmin"),
                ParticipantType::Admin => Some("admin"),
                _ => None,
            };
            json!({ "id": member.jid.to_string(), "admin": admin })
        })
        .collect();
    json!({
        "id": group.id.to_string(),
        "subject": group.subject,
        "description": group.description,
        "announcement": group.is_announcement,
        "locked": group.is_locked,
        "disappearing": group.ephemeral.as_ref().and_then(|it| it.expiration).unwrap_or_default(),
        "approval": group.membership_approval,
        "community": group.is_parent_group,
        "parent": group.parent_group_jid.as_ref().map(ToString::to_string),
        "news": group.is_default_sub_group,
        "members": members,
    })
}
