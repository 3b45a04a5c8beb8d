//! API keys of the caller's workspace.

mod create;
mod list;
mod revoke;
mod view;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain =
        plain.routes(routes!(create::create_key, list::list_keys)).routes(routes!(revoke::revoke_key));
    Routes { plain, querying, uploading }
}
