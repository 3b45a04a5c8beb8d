//! Groups: what the network knows of them, and what phones do with them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::{Body, Paging};
use super::group_views::{GroupList, GroupView};
use super::number::{digits, group};
use super::problem::Problem;
use crate::groups::{Group, GroupId};
use crate::phones::{JoinedGroup, MembersChange, NewGroup};
use crate::ports::PortError;

/// How members are addressed in the group's stanzas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AddressingMode {
    #[default]
    Lid,
    Pn,
}

/// A group to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateGroup {
    subject: String,
    description: Option<String>,
    /// Numbers of members besides the maker.
    #[serde(default)]
    members: Vec<String>,
    /// `lid` unless given.
    #[serde(default)]
    addressing_mode: AddressingMode,
    /// True for a community: the parent of an announcement group and a general chat.
    #[serde(default)]
    community: bool,
    /// The community it is to belong to.
    parent: Option<String>,
}

/// What to do with members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MembersAction {
    Add,
    Remove,
    Promote,
    Demote,
}

/// A change of members.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeMembers {
    action: MembersAction,
    /// Their numbers.
    members: Vec<String>,
}

/// What became of one number.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberOutcome {
    /// Phone number, `+` and digits.
    number: String,
    /// The network's code: 200 when done, 401 has blocked the phone, 403 does not let itself be added,
    /// 404 not a member or not on WhatsApp, 405 leads the group, 408 has just left, 409 is a member, 419 full.
    code: u16,
}

/// What became of a change of members.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberOutcomes {
    members: Vec<MemberOutcome>,
}

impl From<Vec<(String, u16)>> for MemberOutcomes {
    fn from(outcomes: Vec<(String, u16)>) -> Self {
        let outcome = |(pn, code)| MemberOutcome { number: format!("+{pn}"), code };
        Self { members: outcomes.into_iter().map(outcome).collect() }
    }
}

/// A way into a group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JoinGroup {
    /// Invite link, or its code.
    invite: String,
}

/// What became of a wish to join.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JoinResult {
    /// JID of the group.
    group: String,
    /// True when an admin has to let the phone in first.
    waiting: bool,
}

/// All groups, in order of their numbers.
#[utoipa::path(get, path = "/v1/groups", tag = "groups", params(Paging),
    responses((status = 200, body = GroupList), (status = "4XX", body = Problem)))]
pub(super) async fn list(State(control): State<Control>, paging: Paging) -> Result<Json<GroupList>, Problem> {
    let after = u64::try_from(paging.seq()?).unwrap_or(0);
    let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    let mut rest: Vec<Arc<Group>> = control.core.groups.all();
    rest.retain(|group| group.id.number() > after);
    let more = rest.len() > limit;
    rest.truncate(limit);
    let next_cursor = rest.last().filter(|_| more).map(|group| group.id.digits());
    Ok(Json(GroupList { items: rest.iter().map(|group| group.as_ref().into()).collect(), next_cursor }))
}

/// One group.
#[utoipa::path(get, path = "/v1/groups/{group}", tag = "groups", params(("group" = String, Path)),
    responses((status = 200, body = GroupView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<Json<GroupView>, Problem> {
    Ok(Json(find(&control, &group("group", &id)?)?.as_ref().into()))
}

/// Makes a group from a phone. Members who do not let themselves be added are left out.
#[utoipa::path(post, path = "/v1/phones/{number}/groups", tag = "groups", params(("number" = String, Path)),
    request_body = CreateGroup,
    responses((status = 201, body = GroupView), (status = "4XX", body = Problem)))]
pub(super) async fn create(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(new): Body<CreateGroup>,
) -> Result<(StatusCode, Json<GroupView>), Problem> {
    let number = digits("number", &number)?;
    let new = NewGroup {
        subject: new.subject,
        description: new.description,
        members: numbers(&new.members)?,
        by_number: new.addressing_mode == AddressingMode::Pn,
        community: new.community,
        parent: new.parent.map(|parent| group("parent", &parent)).transpose()?,
    };
    let id = control.phones.create_group(&number, new).await?;
    Ok((StatusCode::CREATED, Json(find(&control, &id)?.as_ref().into())))
}

/// Adds, removes, promotes or demotes members from a phone.
#[utoipa::path(post, path = "/v1/phones/{number}/groups/{group}/members", tag = "groups",
    params(("number" = String, Path), ("group" = String, Path)), request_body = ChangeMembers,
    responses((status = 200, body = MemberOutcomes), (status = "4XX", body = Problem)))]
pub(super) async fn change_members(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
    Body(wanted): Body<ChangeMembers>,
) -> Result<Json<MemberOutcomes>, Problem> {
    let (number, id) = (digits("number", &number)?, group("group", &id)?);
    let change = match wanted.action {
        MembersAction::Add => MembersChange::Add,
        MembersAction::Remove => MembersChange::Remove,
        MembersAction::Promote => MembersChange::Promote,
        MembersAction::Demote => MembersChange::Demote,
    };
    let outcomes = control.phones.change_members(&number, &id, change, &numbers(&wanted.members)?).await?;
    Ok(Json(outcomes.into()))
}

/// Joins a group by its invite link.
#[utoipa::path(post, path = "/v1/phones/{number}/groups/join", tag = "groups", params(("number" = String, Path)),
    request_body = JoinGroup, responses((status = 200, body = JoinResult), (status = "4XX", body = Problem)))]
pub(super) async fn join(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(wanted): Body<JoinGroup>,
) -> Result<Json<JoinResult>, Problem> {
    let code = wanted.invite.rsplit('/').next().unwrap_or_default();
    let JoinedGroup { group, waiting } = control.phones.join_group(&digits("number", &number)?, code).await?;
    Ok(Json(JoinResult { group, waiting }))
}

/// Leaves a group.
#[utoipa::path(post, path = "/v1/phones/{number}/groups/{group}/leave", tag = "groups",
    params(("number" = String, Path), ("group" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn leave(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    control.phones.leave_group(&digits("number", &number)?, &group("group", &id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn numbers(texts: &[String]) -> Result<Vec<String>, Problem> {
    texts.iter().map(|text| digits("members", text)).collect()
}

pub(super) fn find(control: &Control, jid: &str) -> Result<Arc<Group>, Problem> {
    let id = jid.parse().ok().as_ref().and_then(GroupId::of);
    let group = id.and_then(|id| control.core.groups.get(id));
    Ok(group.ok_or_else(|| PortError::NotFound(format!("no group {jid}")))?)
}
