//! Faults and scripts: set, look at, take away.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::number::counted;
use super::problem::Problem;
use crate::faults::{Fault, FaultView};

const REMEDY: &str = "GET /v1/faults lists faults and scripts.";

/// Faults in the order they were set.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FaultList {
    items: Vec<FaultView>,
}

/// Faults that follow each other: each begins when the one before is spent. One without `times`,
/// `nth` or `for_seconds` works once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewScript {
    steps: Vec<Fault>,
}

/// A script and how far it has got.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScriptView {
    id: u64,
    steps: Vec<FaultView>,
}

/// All faults, scripts' steps included, in the order they were set.
#[utoipa::path(get, path = "/v1/faults", tag = "faults", responses((status = 200, body = FaultList)))]
pub(super) async fn list(State(control): State<Control>) -> Json<FaultList> {
    Json(FaultList { items: control.core.faults.list() })
}

/// Sets a fault; it works from now on.
#[utoipa::path(post, path = "/v1/faults", tag = "faults", request_body = Fault,
    responses((status = 201, body = FaultView), (status = "4XX", body = Problem)))]
pub(super) async fn add(
    State(control): State<Control>,
    Body(fault): Body<Fault>,
) -> Result<(StatusCode, Json<FaultView>), Problem> {
    Ok((StatusCode::CREATED, Json(control.core.faults.add(fault)?)))
}

/// Takes all faults away; the weather stays.
#[utoipa::path(delete, path = "/v1/faults", tag = "faults", responses((status = 204)))]
pub(super) async fn clear(State(control): State<Control>) -> StatusCode {
    control.core.faults.clear();
    StatusCode::NO_CONTENT
}

/// One fault.
#[utoipa::path(get, path = "/v1/faults/{id}", tag = "faults", params(("id" = u64, Path)),
    responses((status = 200, body = FaultView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<Json<FaultView>, Problem> {
    let id = counted("id", &id, REMEDY)?;
    let found = control.core.faults.list().into_iter().find(|view| view.id == id);
    found.map(Json).ok_or_else(|| Problem::missing(format!("There is no fault {id}."), REMEDY))
}

/// Takes a fault away.
#[utoipa::path(delete, path = "/v1/faults/{id}", tag = "faults", params(("id" = u64, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn remove(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = counted("id", &id, REMEDY)?;
    if control.core.faults.remove(id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::missing(format!("There is no fault {id}."), REMEDY))
    }
}

/// Sets faults that follow each other.
#[utoipa::path(post, path = "/v1/scripts", tag = "faults", request_body = NewScript,
    responses((status = 201, body = ScriptView), (status = "4XX", body = Problem)))]
pub(super) async fn add_script(
    State(control): State<Control>,
    Body(script): Body<NewScript>,
) -> Result<(StatusCode, Json<ScriptView>), Problem> {
    let id = control.core.faults.add_script(script.steps)?;
    Ok((StatusCode::CREATED, Json(script_of(&control, id)?)))
}

/// A script with all its steps.
#[utoipa::path(get, path = "/v1/scripts/{id}", tag = "faults", params(("id" = u64, Path)),
    responses((status = 200, body = ScriptView), (status = "4XX", body = Problem)))]
pub(super) async fn show_script(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<Json<ScriptView>, Problem> {
    Ok(Json(script_of(&control, counted("id", &id, REMEDY)?)?))
}

/// Takes a script away.
#[utoipa::path(delete, path = "/v1/scripts/{id}", tag = "faults", params(("id" = u64, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn remove_script(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = counted("id", &id, REMEDY)?;
    if control.core.faults.remove_script(id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::missing(format!("There is no script {id}."), REMEDY))
    }
}

fn script_of(control: &Control, id: u64) -> Result<ScriptView, Problem> {
    let steps: Vec<_> = control.core.faults.script(id);
    if steps.is_empty() {
        return Err(Problem::missing(format!("There is no script {id}."), REMEDY));
    }
    Ok(ScriptView { id, steps })
}
