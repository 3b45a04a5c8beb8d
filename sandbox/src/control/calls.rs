//! Calls of phones: signalling only, nobody hears anything.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::number::digits;
use super::problem::Problem;
use super::views::rfc3339;
use crate::phones::{CallRecord, CallState, Direction};

/// A call to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCall {
    /// Number to call.
    to: String,
    /// With video; without unless given.
    #[serde(default)]
    video: bool,
    /// JID of the group that the call belongs to.
    group: Option<String>,
}

/// A call as the phone shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallView {
    /// `call-id` on the wire.
    id: String,
    /// `out` when this phone calls.
    direction: Direction,
    /// The other side's number, digits.
    peer: String,
    /// JID of the group it belongs to.
    group: Option<String>,
    video: bool,
    state: CallState,
    /// Why it is over: `timeout`, `cancelled`, `hung_up`, `accepted_elsewhere`,
    /// `rejected_elsewhere`, `refused`, `interrupted`.
    reason: Option<String>,
    /// RFC 3339, UTC.
    began: String,
    /// RFC 3339, UTC.
    answered: Option<String>,
    /// RFC 3339, UTC.
    ended: Option<String>,
}

impl From<CallRecord> for CallView {
    fn from(call: CallRecord) -> Self {
        Self {
            id: call.id,
            direction: call.direction,
            peer: call.peer,
            group: call.group,
            video: call.video,
            state: call.state,
            reason: call.reason,
            began: rfc3339(call.began),
            answered: call.answered.map(rfc3339),
            ended: call.ended.map(rfc3339),
        }
    }
}

/// The phone's call list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallList {
    items: Vec<CallView>,
}

/// Calls that the phone has made and taken, newest first.
#[utoipa::path(get, path = "/v1/phones/{number}/calls", tag = "calls", params(("number" = String, Path)),
    responses((status = 200, body = CallList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<CallList>, Problem> {
    let calls = control.phones.call_list(&digits("number", &number)?).await?;
    Ok(Json(CallList { items: calls.into_iter().map(CallView::from).collect() }))
}

/// Calls a number: it rings until it is answered, ended, or a minute has passed.
#[utoipa::path(post, path = "/v1/phones/{number}/calls", tag = "calls", params(("number" = String, Path)),
    request_body = NewCall, responses((status = 201, body = CallView), (status = "4XX", body = Problem)))]
pub(super) async fn create(
    State(control): State<Control>,
    Path(number): Path<String>,
    Body(new): Body<NewCall>,
) -> Result<(StatusCode, Json<CallView>), Problem> {
    let to = digits("to", &new.to)?;
    let new = crate::phones::NewCall { to, video: new.video, group: new.group };
    let call = control.phones.call(&digits("number", &number)?, new).await?;
    Ok((StatusCode::CREATED, Json(call.into())))
}

/// One call.
#[utoipa::path(get, path = "/v1/phones/{number}/calls/{id}", tag = "calls",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = CallView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<Json<CallView>, Problem> {
    Ok(Json(control.phones.call_record(&digits("number", &number)?, &id).await?.into()))
}

/// Answers a call that rings on the phone.
#[utoipa::path(post, path = "/v1/phones/{number}/calls/{id}/answer", tag = "calls",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = CallView), (status = "4XX", body = Problem)))]
pub(super) async fn answer(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<Json<CallView>, Problem> {
    Ok(Json(control.phones.answer_call(&digits("number", &number)?, &id).await?.into()))
}

/// Ends a call: declines one that rings on the phone, cancels or hangs up any other.
#[utoipa::path(delete, path = "/v1/phones/{number}/calls/{id}", tag = "calls",
    params(("number" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = CallView), (status = "4XX", body = Problem)))]
pub(super) async fn end(
    State(control): State<Control>,
    Path((number, id)): Path<(String, String)>,
) -> Result<Json<CallView>, Problem> {
    Ok(Json(control.phones.end_call(&digits("number", &number)?, &id).await?.into()))
}
