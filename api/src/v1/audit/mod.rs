//! Who did what in the caller's workspace.

mod export;
mod list;
mod view;

pub(in crate::v1) use list::{AuditFilter, AuditPage, page_of};
pub(in crate::v1) use view::example;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let querying = querying.routes(routes!(list::list_audit)).routes(routes!(export::export_audit));
    Routes { plain, querying, uploading }
}
