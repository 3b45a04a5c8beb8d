//! The weather: random faults that come again with the same seed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::problem::Problem;
use crate::faults::{Chances, Preset, Weather};

/// A weather to have: a preset, or chances of one's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWeather {
    /// The same seed, traffic and chances give the same faults; 0 unless given.
    #[serde(default)]
    seed: u64,
    /// A weather that has a name.
    preset: Option<Preset>,
    /// How likely each kind of fault is.
    chances: Option<Chances>,
    /// Longest delay in milliseconds; 500 unless given.
    delay_ms: Option<u64>,
    /// Phone numbers it touches; all unless given.
    #[serde(default)]
    numbers: Vec<String>,
}

/// The weather as it is.
#[utoipa::path(get, path = "/v1/weather", tag = "faults", responses((status = 200, body = Weather)))]
pub(super) async fn show(State(control): State<Control>) -> Json<Weather> {
    Json(control.core.faults.weather())
}

/// Changes the weather; it begins from the start of its seed.
#[utoipa::path(put, path = "/v1/weather", tag = "faults", request_body = NewWeather,
    responses((status = 200, body = Weather), (status = "4XX", body = Problem)))]
pub(super) async fn set(
    State(control): State<Control>,
    Body(new): Body<NewWeather>,
) -> Result<Json<Weather>, Problem> {
    if new.preset.is_some() == new.chances.is_some() {
        return Err(Problem::field(
            "preset",
            "A weather has either a name or chances of its own.",
            "Give preset (calm, drizzle, storm) or chances.",
        ));
    }
    let mut weather = new.preset.unwrap_or(Preset::Calm).weather(new.seed);
    weather.chances = new.chances.unwrap_or(weather.chances);
    weather.delay_ms = new.delay_ms.unwrap_or(weather.delay_ms);
    weather.numbers = new.numbers;
    control.core.faults.set_weather(weather)?;
    Ok(show(State(control)).await)
}

/// Makes it calm.
#[utoipa::path(delete, path = "/v1/weather", tag = "faults", responses((status = 204)))]
pub(super) async fn clear(State(control): State<Control>) -> Result<StatusCode, Problem> {
    control.core.faults.set_weather(Preset::Calm.weather(0))?;
    Ok(StatusCode::NO_CONTENT)
}
