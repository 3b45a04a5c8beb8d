//! Whether we are alive, whether we are ready, and our figures. Only the figures need a key.

mod healthz;
mod metrics;
mod readyz;

pub(crate) use healthz::Health;
pub(crate) use metrics::figures;
pub(crate) use readyz::{Readiness, assess};

use axum::middleware::from_fn;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ApiState,
    layers::{QUICK, within},
};

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(healthz::get_health))
        .routes(routes!(readyz::get_readiness))
        .routes(routes!(metrics::get_metrics))
        .layer(from_fn(|request, next| within(QUICK, request, next)))
}
