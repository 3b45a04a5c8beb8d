//! Events for those who ask.

mod get;
mod list;

use utoipa_axum::routes;

pub(super) use list::{read_event, wanted};

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain.routes(routes!(get::get_event));
    let querying = querying.routes(routes!(list::list_events));
    Routes { plain, querying, uploading }
}
