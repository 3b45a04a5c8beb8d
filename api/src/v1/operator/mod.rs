//! Workspaces, for whoever runs the gateway.

mod audit;
mod change;
mod create;
mod create_export;
mod delete;
mod get;
mod get_export;
mod get_export_content;
mod list;
mod list_deletions;
mod list_exports;
mod restore;
mod suspend;
mod view;

pub(in crate::v1) use view::DeletionView;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(create::create_workspace, list::list_workspaces))
        .routes(routes!(get::get_workspace, change::change_workspace))
        .routes(routes!(suspend::suspend_workspace))
        .routes(routes!(restore::restore_workspace))
        .routes(routes!(create_export::create_workspace_export, list_exports::list_workspace_exports))
        .routes(routes!(get_export::get_workspace_export))
        .routes(routes!(get_export_content::get_workspace_export_content));
    let querying = querying
        .routes(routes!(audit::list_operator_audit))
        .routes(routes!(delete::delete_workspace))
        .routes(routes!(list_deletions::list_deletions));
    Routes { plain, querying, uploading }
}
