//! A workspace and its plan, as they are shown and set.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use wagate_domain::{
    limits::Rate,
    workspaces::{Deletion, Plan, Workspace},
};

/// So many things in so long.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rate)]
pub(crate) struct RateView {
    /// Things, 1 to 1000000.
    #[schema(minimum = 1, maximum = 1_000_000, example = 50)]
    amount: u32,
    /// In so many seconds, 1 to 86400.
    #[schema(minimum = 1, maximum = 86_400, example = 1)]
    seconds: u32,
    /// Most at once, after a pause, 1 to 1000000.
    #[schema(minimum = 1, maximum = 1_000_000, example = 100)]
    burst: u32,
}

/// What a workspace may use; what is `null` or left out has no limit.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Plan)]
pub(crate) struct PlanView {
    /// Most sessions.
    sessions: Option<u32>,
    /// Most members.
    members: Option<u32>,
    /// Messages taken in a day of UTC.
    messages_per_day: Option<u64>,
    /// Messages taken in a month of UTC.
    messages_per_month: Option<u64>,
    /// Requests of the whole workspace.
    requests: Option<RateView>,
    /// Requests with one key, or of one person.
    requests_per_key: Option<RateView>,
    /// Messages taken for one session.
    sends_per_session: Option<RateView>,
    /// Most days that anything is kept, 1 to 3653.
    retention_days: Option<u32>,
}

/// A workspace, as whoever runs the gateway sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workspace)]
pub(crate) struct WorkspaceView {
    /// Identifier.
    #[schema(example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// What people call it.
    #[schema(example = "Acme")]
    name: String,
    /// Its own plan; `null`: the installation's.
    plan: Option<PlanView>,
    /// Why it may only read; `null`: it is not suspended.
    suspended_reason: Option<String>,
    /// Since when it may only read (RFC 3339, UTC).
    #[schema(format = DateTime)]
    suspended_at: Option<String>,
    /// When it is going to be deleted; `null`: it stays.
    deletion: Option<DeletionView>,
    /// When it was made (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: String,
}

/// A deletion that has not begun: it can be undone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkspaceDeletion)]
pub(crate) struct DeletionView {
    /// When it was asked for (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    asked_at: String,
    /// After this moment everything is removed (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-08T00:00:00.000Z")]
    due_at: String,
    /// Whether it waits for an export that was asked for since.
    export: bool,
    /// Who asked: `owner`, who may take it back, or `operator`.
    #[schema(example = "owner")]
    by: &'static str,
}

impl From<Deletion> for DeletionView {
    fn from(Deletion { asked_at, due_at, exports, by }: Deletion) -> Self {
        Self { asked_at: asked_at.to_string(), due_at: due_at.to_string(), export: exports, by: by.name() }
    }
}

impl From<Rate> for RateView {
    fn from(Rate { amount, seconds, burst }: Rate) -> Self {
        Self { amount, seconds, burst }
    }
}

impl From<RateView> for Rate {
    fn from(RateView { amount, seconds, burst }: RateView) -> Self {
        Self { amount, seconds, burst }
    }
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        Self {
            sessions: plan.sessions,
            members: plan.members,
            messages_per_day: plan.messages_per_day,
            messages_per_month: plan.messages_per_month,
            requests: plan.requests.map(Into::into),
            requests_per_key: plan.requests_per_key.map(Into::into),
            sends_per_session: plan.sends_per_session.map(Into::into),
            retention_days: plan.retention_days,
        }
    }
}

impl From<PlanView> for Plan {
    fn from(plan: PlanView) -> Self {
        Self {
            sessions: plan.sessions,
            members: plan.members,
            messages_per_day: plan.messages_per_day,
            messages_per_month: plan.messages_per_month,
            requests: plan.requests.map(Into::into),
            requests_per_key: plan.requests_per_key.map(Into::into),
            sends_per_session: plan.sends_per_session.map(Into::into),
            retention_days: plan.retention_days,
        }
    }
}

impl From<Workspace> for WorkspaceView {
    fn from(workspace: Workspace) -> Self {
        let (at, reason) = workspace.suspended.map(|suspension| (suspension.at, suspension.reason)).unzip();
        Self {
            id: workspace.id.to_string(),
            name: workspace.name,
            plan: workspace.plan.map(Into::into),
            suspended_reason: reason,
            suspended_at: at.map(|at| at.to_string()),
            deletion: workspace.deletion.map(Into::into),
            created_at: workspace.created_at.to_string(),
        }
    }
}

/// The example of a workspace in the documentation.
pub(super) fn example() -> Value {
    json!({
        "id": "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "name": "Acme",
        "plan": {
            "sessions": 5, "members": 10, "messages_per_day": 1000, "messages_per_month": 20000,
            "requests": {"amount": 50, "seconds": 1, "burst": 100},
            "requests_per_key": null, "sends_per_session": null, "retention_days": 90
        },
        "suspended_reason": null,
        "suspended_at": null,
        "deletion": null,
        "created_at": "2026-01-01T00:00:00.000Z"
    })
}
