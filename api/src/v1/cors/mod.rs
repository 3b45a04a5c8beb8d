//! CORS: which web pages may read the answers to the caller's workspace in a browser.

mod change;
mod get;
mod view;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain.routes(routes!(get::get_cors, change::change_cors));
    Routes { plain, querying, uploading }
}
