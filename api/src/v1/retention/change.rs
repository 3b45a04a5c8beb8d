//! `PUT /api/v1/retention`

use axum::{Json, extract::State};
use wagate_domain::retention::Retention;

use super::view::{RetentionView, example};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Caller, JsonBody},
    problem::Problem,
};

/// Set how long what is kept
///
/// All four at once: what is left out is kept for ever. What is older is deleted for good within some hours, a part at a time.
#[utoipa::path(
    put, path = "/retention", tag = "retention",
    request_body(content = RetentionView, example = json!(example())),
    responses((status = 200, description = "As it is set now.", body = RetentionView, example = json!(example()))),
)]
pub(crate) async fn change_retention(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    JsonBody { value, .. }: JsonBody<RetentionView>,
) -> Result<(Changed, Json<RetentionView>), Problem> {
    let retention = Retention::from(value);
    retention.check()?;
    let before = RetentionView::from(state.retention.get(caller.workspace).await?);
    state.retention.put(caller.workspace, &retention).await?;
    Ok((Changed::changed("retention", &before, &value), Json(value)))
}
