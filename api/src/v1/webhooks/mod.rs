//! Webhooks: addresses that are told of events, and what became of each event.

mod change;
mod clear_deliveries;
mod create;
mod deliveries;
mod delivery_view;
mod get;
mod get_delivery;
mod list;
mod remove;
mod replay;
mod retry_delivery;
mod rotate_secret;
mod secret;
mod stats;
mod test;
mod view;

use utoipa_axum::routes;
use wagate_domain::{WebhookId, auth::Principal, webhooks::Webhook};

use super::Routes;
use crate::{
    ApiState,
    problem::{Code, Problem},
};

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(create::create_webhook, list::list_webhooks))
        .routes(routes!(get::get_webhook, change::change_webhook, remove::delete_webhook))
        .routes(routes!(secret::get_webhook_secret))
        .routes(routes!(rotate_secret::rotate_webhook_secret))
        .routes(routes!(test::test_webhook))
        .routes(routes!(stats::get_webhook_stats))
        .routes(routes!(replay::replay_events))
        .routes(routes!(get_delivery::get_delivery))
        .routes(routes!(retry_delivery::retry_delivery));
    let querying = querying.routes(routes!(deliveries::list_deliveries, clear_deliveries::clear_deliveries));
    Routes { plain, querying, uploading }
}

/// The caller's webhook of that id.
async fn find(state: &ApiState, caller: Principal, id: WebhookId) -> Result<Webhook, Problem> {
    let found = state.webhooks.get(caller.workspace, id).await?;
    found.ok_or_else(|| Problem::plain(Code::WebhookNotFound))
}
