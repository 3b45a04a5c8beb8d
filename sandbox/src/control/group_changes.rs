//! What an admin's phone decides about a group.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::group_views::GroupView;
use super::groups::{MemberOutcomes, find, numbers};
use super::number::{digits, group};
use super::problem::Problem;
use crate::phones::GroupChange;
use crate::ports::PortError;

/// Changes; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeGroup {
    subject: Option<String>,
    /// The empty text for none.
    description: Option<String>,
    /// Only admins write.
    announcement: Option<bool>,
    /// Only admins change subject, description and disappearing messages.
    locked: Option<bool>,
    /// Joining by link needs an admin's approval.
    approval: Option<bool>,
    /// Every member may add others.
    members_add: Option<bool>,
    /// Lifetime of messages in seconds; 0 for no end.
    ephemeral: Option<u32>,
}

/// A decision about those who have asked to come in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecideRequests {
    /// False to reject.
    approve: bool,
    /// Their numbers.
    members: Vec<String>,
}

/// Changes subject, description and settings from a phone, one request each.
#[utoipa::path(patch, path = "/v1/phones/{number}/groups/{group}", tag = "groups",
    params(("number" = String, Path), ("group" = String, Path)), request_body = ChangeGroup,
    responses((status = 200, body = GroupView), (status = "4XX", body = Problem)))]
pub(super) async fn change(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
    Body(wanted): Body<ChangeGroup>,
) -> Result<Json<GroupView>, Problem> {
    let (number, id) = (digits("number", &number)?, group("group", &id)?);
    let change = GroupChange {
        subject: wanted.subject,
        description: wanted.description,
        announcement: wanted.announcement,
        locked: wanted.locked,
        approval: wanted.approval,
        members_add: wanted.members_add,
        ephemeral: wanted.ephemeral,
    };
    control.phones.change_group(&number, &id, change).await?;
    Ok(Json(find(&control, &id)?.as_ref().into()))
}

/// Approves or rejects requests to join from a phone.
#[utoipa::path(post, path = "/v1/phones/{number}/groups/{group}/requests", tag = "groups",
    params(("number" = String, Path), ("group" = String, Path)), request_body = DecideRequests,
    responses((status = 200, body = MemberOutcomes), (status = "4XX", body = Problem)))]
pub(super) async fn decide(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
    Body(wanted): Body<DecideRequests>,
) -> Result<Json<MemberOutcomes>, Problem> {
    let (number, id) = (digits("number", &number)?, group("group", &id)?);
    let members = numbers(&wanted.members)?;
    Ok(Json(control.phones.decide_requests(&number, &id, wanted.approve, &members).await?.into()))
}

/// Links a group with a community from a phone.
#[utoipa::path(put, path = "/v1/phones/{number}/groups/{group}/linked/{child}", tag = "groups",
    params(("number" = String, Path), ("group" = String, Path), ("child" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn link(
    State(control): State<Control>,
    Path(path): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    set_link(&control, path, true).await
}

/// Ends the link of a group with a community from a phone.
#[utoipa::path(delete, path = "/v1/phones/{number}/groups/{group}/linked/{child}", tag = "groups",
    params(("number" = String, Path), ("group" = String, Path), ("child" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn unlink(
    State(control): State<Control>,
    Path(path): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    set_link(&control, path, false).await
}

async fn set_link(
    control: &Control,
    (number, parent, child): (String, String, String),
    on: bool,
) -> Result<StatusCode, Problem> {
    let (parent, child) = (group("group", &parent)?, group("child", &child)?);
    match control.phones.link_group(&digits("number", &number)?, &parent, &child, on).await? {
        200 => Ok(StatusCode::NO_CONTENT),
        404 => Err(PortError::NotFound(format!("no group {child}")).into()),
        code => Err(PortError::Refused(format!("the network answers {code}")).into()),
    }
}
