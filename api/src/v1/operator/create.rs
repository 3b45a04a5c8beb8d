//! `POST /api/v1/operator/workspaces`

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::{
    auth::{ApiKey, NewKey},
    workspaces,
};

use super::view::{PlanView, WorkspaceView, example};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Answer, Fingerprint, JsonBody, Once},
    problem::Problem,
};

/// A workspace to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWorkspace {
    /// What people call it, 1 to 100 characters.
    #[schema(example = "Acme")]
    name: String,
    /// Its own plan; the installation's when left out.
    plan: Option<PlanView>,
}

/// A new workspace with its first key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkspaceWithKey {
    /// The workspace.
    workspace: WorkspaceView,
    /// The secret of its first key, which may do everything in it. Shown once; `null` when this answer is a repetition.
    #[schema(example = "wg_3f9a1c7d2b8e4f60a1b2c3d4e5f60718")]
    key: Option<String>,
}

/// Make a workspace
///
/// With one API key to hand over. People join it by invitations that are made with that key.
#[utoipa::path(
    post, path = "/operator/workspaces", tag = "operator",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day.")),
    request_body(content = CreateWorkspace, example = json!({"name": "Acme", "plan": {"sessions": 5, "messages_per_day": 1000}})),
    responses((
        status = 201, description = "Made. Keep the key now.", body = WorkspaceWithKey,
        example = json!({"workspace": example(), "key": "wg_3f9a1c7d2b8e4f60a1b2c3d4e5f60718"}),
    )),
)]
pub(crate) async fn create_workspace(
    State(state): State<ApiState>,
    once: Once,
    JsonBody { value, digest }: JsonBody<CreateWorkspace>,
) -> Result<Response, Problem> {
    let state = &state;
    let plan = value.plan.map(Into::into);
    once.run(state, Fingerprint::of([digest.as_str()]), |seed| async move {
        let made = workspaces::create(&state.env, &*state.terms.workspaces, &value.name, plan, seed).await?;
        // a key that an attempt which vanished may have made is in nobody's hands: it is of no use to anybody
        let (key, secret) = ApiKey::generate(&state.env, made.id, NewKey::mighty("first key"));
        state.keys.insert(&key).await?;
        let changed = Changed::made(&made.id.to_string(), &WorkspaceView::from(made.clone()));
        let shown = |key| WorkspaceWithKey { workspace: made.clone().into(), key };
        let answer = Answer::json(StatusCode::CREATED, &shown(Some(secret.expose().to_owned())))?;
        // a secret is not kept, not even for a day
        Ok(answer.keeping(&shown(None))?.noting(changed))
    })
    .await
}
