//! `POST /api/v1/sessions/{id}/queue/purge`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::{Invalid, SessionId, messages};

use crate::{
    ApiState,
    extract::{Caller, IdPath, JsonBody},
    problem::Problem,
};

/// Which waiting messages to cancel. At least one field is needed; all that are given must fit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Purge {
    /// Those to this number or JID, as it was named when they were sent.
    #[schema(example = "+6281234567890")]
    chat: Option<String>,
    /// Those of this campaign.
    #[schema(example = "xmas-2026")]
    campaign: Option<String>,
    /// `true`: everything that waits.
    #[serde(default)]
    all: bool,
}

/// What was cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Purged {
    /// How many messages.
    cancelled: u64,
}

/// Cancel waiting messages
///
/// Cancels what waits in the queue, of one chat, of one campaign, or all of it; what is being sent goes out.
#[utoipa::path(
    post, path = "/sessions/{id}/queue/purge", tag = "queue",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = Purge, example = json!({"campaign": "xmas-2026"})),
    responses((
        status = 200, description = "They are cancelled.", body = Purged, example = json!({"cancelled": 480}),
    )),
)]
pub(crate) async fn purge_queue(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
    JsonBody { value: Purge { chat, campaign, all }, .. }: JsonBody<Purge>,
) -> Result<Json<Purged>, Problem> {
    if chat.is_none() && campaign.is_none() && !all {
        let remedy = "name a chat or a campaign, or send {\"all\": true}";
        return Err(Invalid::new("all", "does not say which messages", remedy).into());
    }
    if all && (chat.is_some() || campaign.is_some()) {
        let remedy = "remove it, or the chat and the campaign";
        return Err(Invalid::new("all", "does not go with chat or campaign", remedy).into());
    }
    let ports = state.send_ports();
    let cancelled = messages::purge(&state.env, ports, caller, id, chat.as_deref(), campaign).await?;
    Ok(Json(Purged { cancelled }))
}
