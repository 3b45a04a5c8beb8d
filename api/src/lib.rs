//! HTTP in, JSON out: the axum router of the gateway.
//!
//! [`router`] makes it from [`ApiParts`], its ports; the same router is served by a plain server and by a
//! function. [`openapi_json`] and [`errors_reference`] are what is derived from it and committed.

mod admission;
mod extract;
mod health;
mod intake;
mod layers;
mod mailbox;
mod openapi;
mod operations;
mod people;
mod problem;
mod qr;
mod state;
mod v1;
mod well_known;

pub use openapi::{errors_reference, permissions_reference};
pub use operations::{CountSessions, Operations, SessionCount, operations};
pub use people::PeopleParts;
pub use problem::{Code, FieldError, ProblemBody};
pub use state::{ApiLimits, ApiParts, ApiTerms, Ping, PublicUrl, ReadinessCheck};

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::{problem::Problem, state::ApiState};

/// The gateway's whole HTTP surface.
pub fn router(parts: ApiParts) -> Router {
    let state = ApiState::new(parts);
    let (routes, mut api) = documented().split_for_parts();
    openapi::complete(&mut api);
    let docs = SwaggerUi::new("/api/docs").url("/api/openapi.json", api);
    routes
        .layer(from_fn_with_state(state.clone(), admission::admit))
        .merge(docs)
        .route("/api/docs/errors", get(openapi::get_errors_page))
        .merge(mailbox::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), layers::hurry_body))
        .layer(from_fn_with_state(state.clone(), layers::cors))
        .layer(from_fn(layers::bound_head))
        .layer(CatchPanicLayer::custom(layers::catch_panic))
        .layer(from_fn_with_state(state.env.clone(), layers::observe))
        .layer(from_fn_with_state(state.clone(), layers::secure))
        .with_state(state)
}

/// The OpenAPI document of [`router`].
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = documented().into_openapi();
    openapi::complete(&mut api);
    api
}

/// [`openapi`] as it is committed in `api/openapi.json`: indented, with a newline at the end.
///
/// # Errors
/// When an example in the document cannot be written as JSON, which the tests rule out.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    openapi().to_pretty_json().map(|json| json + "\n")
}

fn documented() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(openapi::preamble())
        .merge(health::routes())
        .merge(well_known::routes())
        .nest("/api/v1", v1::routes())
}

async fn not_found() -> Response {
    Problem::plain(Code::NotFound).into_response()
}

async fn method_not_allowed() -> Response {
    Problem::plain(Code::MethodNotAllowed).into_response()
}
