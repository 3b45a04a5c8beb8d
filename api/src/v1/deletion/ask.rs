//! `POST /api/v1/deletion`

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{
    people::Password,
    workspaces::{self, DeletePorts, DeleteWorkspace},
};

use crate::{
    ApiState,
    admission::Changed,
    extract::{Caller, JsonBody},
    people::Visitor,
    problem::Problem,
    v1::operator::DeletionView,
};

/// That you mean it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskDeletion {
    /// The workspace's name, to show that it is this one that is meant.
    confirm: String,
    /// Your password, once more.
    password: String,
    /// Whether everything is exported before; `true` when left out.
    #[schema(default = true)]
    export: Option<bool>,
}

/// Have the workspace deleted
///
/// For owners, signed in: a key cannot. At once the workspace may only read (`workspace_deleting`), and its sessions are let
/// go of. After the grace time of this installation, and when its export is done, its sessions are logged out of WhatsApp and everything
/// of it is removed for good. Until that begins, `DELETE /deletion` takes it back.
#[utoipa::path(
    post, path = "/deletion", tag = "deletion",
    request_body(content = AskDeletion, example = json!({"confirm": "Acme", "password": "staple tower violet"})),
    responses(
        (
            status = 202, description = "It is going to be deleted.", body = DeletionView,
            example = json!({
                "asked_at": "2026-01-01T00:00:00.000Z", "due_at": "2026-01-08T00:00:00.000Z", "export": true, "by": "owner"
            }),
        ),
        (status = 403, description = "`person_needed`, `wrong_password`, `workspace_suspended`"),
        (status = 429, description = "`too_many_attempts`"),
    ),
)]
pub(crate) async fn ask_deletion(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    visitor: Visitor,
    JsonBody { value, .. }: JsonBody<AskDeletion>,
) -> Result<(StatusCode, Changed, Json<DeletionView>), Problem> {
    let AskDeletion { confirm, password, export } = value;
    let ports = DeletePorts { workspaces: &*state.terms.workspaces, exports: &*state.exports };
    let request = DeleteWorkspace { confirm, export: export.unwrap_or(true), grace: state.deletion_grace };
    let proof = (&Password::given(password), visitor.origin);
    let ports = (ports, state.people.ports());
    let asked = workspaces::delete_own(&state.env, ports, caller, proof, request).await?;
    let view = DeletionView::from(asked);
    Ok((StatusCode::ACCEPTED, Changed::made(&caller.workspace.to_string(), &view), Json(view)))
}
