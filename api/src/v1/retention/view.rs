//! Retention as it is shown and set.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::retention::Retention;

/// How long what is kept, in days from 1 to 3653; `null` or left out: for ever.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Retention)]
pub(crate) struct RetentionView {
    /// Messages in and out. Those that wait to be sent stay.
    #[schema(example = 365)]
    messages_days: Option<u32>,
    /// Files, received and to be sent. Those of messages that wait stay.
    #[schema(example = 90)]
    media_days: Option<u32>,
    /// Events that can be asked for.
    #[schema(example = 30)]
    events_days: Option<u32>,
    /// Logs of webhook deliveries.
    #[schema(example = 30)]
    deliveries_days: Option<u32>,
}

impl From<Retention> for RetentionView {
    fn from(retention: Retention) -> Self {
        let Retention { messages_days, media_days, events_days, deliveries_days } = retention;
        Self { messages_days, media_days, events_days, deliveries_days }
    }
}

impl From<RetentionView> for Retention {
    fn from(view: RetentionView) -> Self {
        let RetentionView { messages_days, media_days, events_days, deliveries_days } = view;
        Self { messages_days, media_days, events_days, deliveries_days }
    }
}

/// The example of retention in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({"messages_days": 365, "media_days": 90, "events_days": 30, "deliveries_days": null})
}
