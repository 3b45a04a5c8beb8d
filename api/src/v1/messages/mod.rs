//! Messages: sending them and reading what went and came.

mod accepted;
mod cancel;
mod edit;
mod get;
mod get_media;
mod list;
mod media;
mod request;
mod retry;
mod search;
mod send;
mod send_batch;
mod send_form;

use utoipa_axum::routes;
use wagate_views::message as view;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    Routes {
        plain: plain
            .routes(routes!(get::get_message, edit::edit_message))
            .routes(routes!(cancel::cancel_message))
            .routes(routes!(retry::retry_message))
            .routes(routes!(get_media::get_message_media)),
        querying: querying.routes(routes!(list::list_messages)).routes(routes!(search::search_messages)),
        uploading: uploading.routes(routes!(send::send_message)).routes(routes!(send_batch::send_batch)),
    }
}
