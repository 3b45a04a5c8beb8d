//! Messages: sending them and reading what went and came.

mod accepted;
mod content;
mod get;
mod list;
mod media;
mod progress;
mod request;
mod send;
mod send_form;
mod view;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    Routes {
        plain: plain.routes(routes!(get::get_message)),
        querying: querying.routes(routes!(list::list_messages)),
        uploading: uploading.routes(routes!(send::send_message)),
    }
}
