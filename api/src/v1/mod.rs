//! Version 1 of the API. One endpoint is one file: `<resource>/<verb>.rs`.

mod account;
mod audit;
mod chats;
mod contacts;
mod cors;
mod deletion;
mod events;
mod exports;
mod identities;
mod keys;
mod live;
mod media;
mod members;
mod messages;
mod operator;
mod providers;
mod queue;
mod retention;
mod sessions;
mod webhooks;

use axum::middleware::from_fn;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    ApiState,
    extract::refuse_query,
    layers::{QUICK, UPLOAD, within},
};

/// The routes of one resource, sorted by what surrounds them.
struct Routes {
    /// Take no query.
    plain: OpenApiRouter<ApiState>,
    /// Take a query.
    querying: OpenApiRouter<ApiState>,
    /// Stream files and take no query.
    uploading: OpenApiRouter<ApiState>,
}

impl Routes {
    fn new() -> Self {
        Self { plain: OpenApiRouter::new(), querying: OpenApiRouter::new(), uploading: OpenApiRouter::new() }
    }

    fn layered(self) -> OpenApiRouter<ApiState> {
        let quick = || from_fn(|request, next| within(QUICK, request, next));
        let upload = || from_fn(|request, next| within(UPLOAD, request, next));
        let querying = self.querying.layer(quick());
        let plain = self.plain.layer(from_fn(refuse_query)).layer(quick());
        querying.merge(plain).merge(self.uploading.layer(upload()))
    }
}

/// Every route of version 1, without its `/api/v1`.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    [
        sessions::routes(),
        messages::routes(),
        chats::routes(),
        contacts::routes(),
        queue::routes(),
        media::routes(),
        retention::routes(),
        keys::routes(),
        audit::routes(),
        operator::routes(),
        cors::routes(),
        exports::routes(),
        deletion::routes(),
        webhooks::routes(),
        events::routes(),
        account::routes(),
        providers::routes(),
        identities::routes(),
        members::routes(),
    ]
    .into_iter()
    .map(Routes::layered)
    .fold(live::routes(), OpenApiRouter::merge)
}
