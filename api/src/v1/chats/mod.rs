//! Chats: the conversations sessions have.

mod get;
mod list;
mod view;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    Routes {
        plain: plain.routes(routes!(get::get_chat)),
        querying: querying.routes(routes!(list::list_chats)),
        uploading,
    }
}
