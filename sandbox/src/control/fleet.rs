//! All phones at once: many to make, what they do by default, what their sinks have taken.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::phones::NewPhone;
use super::problem::Problem;
use crate::phones::{Behaviour, SettingsChange, SinkCounts};

/// Phones to make, or to change when they exist.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPhones {
    phones: Vec<NewPhone>,
}

/// What became of them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Made {
    /// Numbers that had no phone before.
    made: usize,
    /// Numbers that had one.
    existed: usize,
}

/// Makes many phones at once; those that name settings get them. Nothing is made when one of them
/// cannot be.
#[utoipa::path(post, path = "/v1/phones:batch", tag = "phones", request_body = NewPhones,
    responses((status = 201, body = Made), (status = "4XX", body = Problem)))]
pub(super) async fn create(
    State(control): State<Control>,
    Body(new): Body<NewPhones>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let all = new.phones.len();
    let numbered = new.phones.into_iter().enumerate();
    let phones = numbered
        .map(|(n, phone)| phone.declared(&format!("phones[{n}].number")))
        .collect::<Result<Vec<_>, _>>()?;
    let made = control.phones.declare(phones).await?;
    Ok((StatusCode::CREATED, Json(Made { made, existed: all - made })))
}

/// What phones do by themselves unless something else was said of them; phones that the network
/// makes on demand, above all.
#[utoipa::path(get, path = "/v1/defaults", tag = "phones", responses((status = 200, body = Behaviour)))]
pub(super) async fn defaults(State(control): State<Control>) -> Json<Behaviour> {
    Json(control.phones.defaults().as_ref().clone())
}

/// Changes it; what is absent stays. Phones that exist and do what phones do by default change
/// with it.
#[utoipa::path(patch, path = "/v1/defaults", tag = "phones", request_body = SettingsChange,
    responses((status = 200, body = Behaviour), (status = "4XX", body = Problem)))]
pub(super) async fn change_defaults(
    State(control): State<Control>,
    Body(change): Body<SettingsChange>,
) -> Result<Json<Behaviour>, Problem> {
    if change.on_whatsapp.is_some() {
        return Err(Problem::field(
            "on_whatsapp",
            "Whether a number exists is said of each number.",
            "PATCH /v1/phones/{number}.",
        ));
    }
    Ok(Json(control.phones.change_defaults(change).await?.as_ref().clone()))
}

/// What all sinks have taken since the counts were reset. Duplicates are told by the newest
/// 900,000 or more unopened messages since the start.
#[utoipa::path(get, path = "/v1/sink", tag = "phones", responses((status = 200, body = SinkCounts)))]
pub(super) async fn sink(State(control): State<Control>) -> Json<SinkCounts> {
    Json(control.phones.sink_counts())
}

/// Starts the counts of the sinks at 0 again.
#[utoipa::path(delete, path = "/v1/sink", tag = "phones", responses((status = 204)))]
pub(super) async fn reset_sink(State(control): State<Control>) -> Result<StatusCode, Problem> {
    control.phones.reset_sink().await.map_err(crate::ports::PortError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
