//! API keys of the caller's workspace.

mod change;
mod create;
mod get;
mod list;
mod revoke;
mod rotate;
mod view;
mod wish;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(create::create_key, list::list_keys))
        .routes(routes!(get::get_key, change::change_key, revoke::revoke_key))
        .routes(routes!(rotate::rotate_key));
    Routes { plain, querying, uploading }
}
