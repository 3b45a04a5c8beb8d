//! One's identities: the accounts at providers that let one in.

mod list;
mod unlink;
pub(super) mod view;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain.routes(routes!(list::list_identities)).routes(routes!(unlink::unlink_identity));
    Routes { plain, querying, uploading }
}
