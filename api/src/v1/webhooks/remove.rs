//! `DELETE /api/v1/webhooks/{id}`

use axum::extract::State;
use http::StatusCode;
use wagate_domain::WebhookId;

use super::{find, view::WebhookView};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// Delete a webhook
///
/// It is told nothing any more, and its deliveries are forgotten.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 204, description = "Deleted.")),
)]
pub(crate) async fn delete_webhook(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
) -> Result<(Changed, StatusCode), Problem> {
    let before = WebhookView::from(find(&state, caller, id).await?);
    let deleted = state.webhooks.delete(caller.workspace, id).await?;
    let gone = (Changed::gone(id, &before), StatusCode::NO_CONTENT);
    if deleted { Ok(gone) } else { Err(Problem::plain(Code::WebhookNotFound)) }
}
