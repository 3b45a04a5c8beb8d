//! A session's queue: what waits in it, and stopping, resuming and emptying it.

mod get;
mod pause;
mod purge;
mod resume;
mod view;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(get::get_queue))
        .routes(routes!(pause::pause_queue))
        .routes(routes!(resume::resume_queue))
        .routes(routes!(purge::purge_queue));
    Routes { plain, querying, uploading }
}
