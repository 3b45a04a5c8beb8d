//! The end of the caller's workspace: asked for by an owner, and taken back.

mod ask;
mod take_back;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain.routes(routes!(ask::ask_deletion, take_back::take_back_deletion));
    Routes { plain, querying, uploading }
}
