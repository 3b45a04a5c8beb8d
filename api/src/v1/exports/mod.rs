//! Everything of a workspace in one file, for its owners.

mod create;
mod get;
mod get_content;
mod list;
mod view;

pub(in crate::v1) use create::ask;
pub(in crate::v1) use get::find;
pub(in crate::v1) use get_content::lead;
pub(in crate::v1) use view::{ExportList, ExportView, example};

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(create::create_export, list::list_exports))
        .routes(routes!(get::get_export))
        .routes(routes!(get_content::get_export_content));
    Routes { plain, querying, uploading }
}
