//! Retention: how long the caller's workspace keeps what.

mod change;
mod get;
mod view;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain.routes(routes!(get::get_retention, change::change_retention));
    Routes { plain, querying, uploading }
}
