//! Events as they happen, over a WebSocket or as server-sent events.

mod entrance;
mod reader;
mod socket;
mod stream;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::ApiState;

/// These last as long as somebody reads: nothing bounds their time.
pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(socket::live)).routes(routes!(stream::live_stream))
}
