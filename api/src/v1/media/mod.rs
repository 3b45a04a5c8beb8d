//! Media objects: files to be sent, and files that came in.

mod begin_upload;
mod create;
mod get;
mod get_content;
pub(super) mod view;

pub(super) use get::show;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Routes;
use crate::ApiState;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(begin_upload::begin_upload))
        .routes(routes!(get::get_media))
        .routes(routes!(get_content::get_media_content));
    Routes { plain, querying, uploading: uploading.merge(upload_routes()) }
}

fn upload_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create::create_media))
}
