//! Workspaces, for whoever runs the gateway.

mod audit;
mod change;
mod create;
mod get;
mod list;
mod restore;
mod suspend;
mod view;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(create::create_workspace, list::list_workspaces))
        .routes(routes!(get::get_workspace, change::change_workspace))
        .routes(routes!(suspend::suspend_workspace))
        .routes(routes!(restore::restore_workspace));
    let querying = querying.routes(routes!(audit::list_operator_audit));
    Routes { plain, querying, uploading }
}
