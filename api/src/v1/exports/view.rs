//! An export as it is shown.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use wagate_domain::exports::{Export, ExportState};

/// An export of a workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Export)]
pub(crate) struct ExportView {
    /// Identifier.
    #[schema(example = "exp_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Workspace.
    #[schema(example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    workspace: String,
    /// Where it stands.
    state: ExportViewState,
    /// Lines written so far, or in all.
    #[schema(example = 18230)]
    lines: u64,
    /// Size of the file in bytes; 0 until it is done.
    #[schema(example = 912_384)]
    bytes: u64,
    /// What went wrong last.
    failure: Option<String>,
    /// When it was asked for (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    asked_at: String,
    /// When it was done, or given up (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:01:00.000Z")]
    ended_at: Option<String>,
    /// When it is deleted (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-08T00:01:00.000Z")]
    expires_at: Option<String>,
}

/// Where an export stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportState)]
pub(crate) enum ExportViewState {
    /// It waits for its turn, or for another attempt.
    Waiting,
    /// It is being written.
    Running,
    /// The file is there.
    Done,
    /// It was given up.
    Failed,
}

impl From<Export> for ExportView {
    fn from(export: Export) -> Self {
        let Export {
            id,
            workspace,
            state,
            attempts: _,
            lines,
            bytes,
            failure,
            asked_at,
            ended_at,
            expires_at,
        } = export;
        Self {
            id: id.to_string(),
            workspace: workspace.to_string(),
            state: match state {
                ExportState::Waiting => ExportViewState::Waiting,
                ExportState::Running => ExportViewState::Running,
                ExportState::Done => ExportViewState::Done,
                ExportState::Failed => ExportViewState::Failed,
            },
            lines,
            bytes,
            failure,
            asked_at: asked_at.to_string(),
            ended_at: ended_at.map(|at| at.to_string()),
            expires_at: expires_at.map(|at| at.to_string()),
        }
    }
}

/// The exports of a workspace, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportList {
    /// The exports.
    exports: Vec<ExportView>,
    /// Always `null`: the list comes whole.
    next_cursor: Option<String>,
}

impl From<Vec<Export>> for ExportList {
    fn from(exports: Vec<Export>) -> Self {
        Self { exports: exports.into_iter().map(Into::into).collect(), next_cursor: None }
    }
}

/// The example of an export in the documentation.
pub(in crate::v1) fn example() -> Value {
    json!({
        "id": "exp_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "workspace": "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "state": "done",
        "lines": 18230,
        "bytes": 912_384,
        "failure": null,
        "asked_at": "2026-01-01T00:00:00.000Z",
        "ended_at": "2026-01-01T00:01:00.000Z",
        "expires_at": "2026-01-08T00:01:00.000Z"
    })
}
