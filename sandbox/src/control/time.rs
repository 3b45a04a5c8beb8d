//! Simulated time: what it is, and making it pass.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::Body;
use super::problem::Problem;
use super::views::rfc3339;
use crate::clock::{Clock, FURTHEST};
use crate::ports::PortError;

/// The network's time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TimeView {
    /// RFC 3339, UTC.
    now: String,
    /// Unix seconds.
    unix: u64,
    /// Seconds by which it is ahead of the wall clock.
    ahead_seconds: u64,
}

impl TimeView {
    fn of(clock: &Clock) -> Self {
        let unix = clock.unix_secs();
        Self { now: rfc3339(unix.cast_signed()), unix, ahead_seconds: clock.ahead().as_secs() }
    }
}

/// Time that shall pass at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    /// Whole seconds, from 1; the clock goes at most 50 years ahead.
    seconds: u64,
}

/// What time it is for the network and its phones.
#[utoipa::path(get, path = "/v1/time", tag = "time", responses((status = 200, body = TimeView)))]
pub(super) async fn show(State(control): State<Control>) -> Json<TimeView> {
    Json(TimeView::of(&control.core.clock))
}

/// Makes time pass at once, for everything that has a lifetime. It cannot be turned back.
#[utoipa::path(post, path = "/v1/time/advance", tag = "time", request_body = Advance,
    responses((status = 200, body = TimeView), (status = "4XX", body = Problem)))]
pub(super) async fn advance(
    State(control): State<Control>,
    Body(advance): Body<Advance>,
) -> Result<Json<TimeView>, Problem> {
    let left = FURTHEST.saturating_sub(control.core.clock.ahead()).as_secs();
    if !(1..=left).contains(&advance.seconds) {
        let remedy = format!("Give 1 to {left} whole seconds; delete the sandbox's folder to start over.");
        return Err(Problem::field("seconds", "Time moves forward, up to 50 years in all.", remedy));
    }
    control.core.advance(Duration::from_secs(advance.seconds)).await.map_err(PortError::from)?;
    Ok(Json(TimeView::of(&control.core.clock)))
}
