//! An account as its owner sees it.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::people::{Membership, Person};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountView {
    /// Identifier.
    #[schema(example = "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Where mail reaches them.
    #[schema(example = "ayu@example.com")]
    address: String,
    /// What people call them.
    #[schema(example = "Ayu Lestari")]
    name: String,
    /// Whether they run the gateway.
    operator: bool,
    /// Whether signing in asks for a second factor.
    second_factor: bool,
    /// How many recovery codes are left.
    recovery_codes: u32,
    /// What they belong to.
    workspaces: Vec<MembershipView>,
    /// When the account was made (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: String,
}

/// A workspace somebody belongs to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
pub(crate) struct MembershipView {
    /// The workspace; name it in the header `Wagate-Workspace`.
    #[schema(example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    workspace: String,
    /// What people call it.
    #[schema(example = "Toko Kopi")]
    workspace_name: String,
    /// `owner`, `admin`, `operator`, `agent` or `viewer`.
    #[schema(example = "owner")]
    role: &'static str,
}

impl AccountView {
    /// A person, what they belong to, and how many recovery codes are left if they have a second factor.
    pub(super) fn new(person: Person, workspaces: Vec<Membership>, codes: Option<u32>) -> Self {
        let membership = |one: Membership| MembershipView {
            workspace: one.workspace.to_string(),
            workspace_name: one.workspace_name,
            role: one.role.name(),
        };
        Self {
            id: person.id.to_string(),
            address: person.address.to_string(),
            name: person.name,
            operator: person.operator,
            second_factor: codes.is_some(),
            recovery_codes: codes.unwrap_or_default(),
            workspaces: workspaces.into_iter().map(membership).collect(),
            created_at: person.created_at.to_string(),
        }
    }
}

/// The example of an account in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "id": "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "address": "ayu@example.com",
        "name": "Ayu Lestari",
        "operator": false,
        "second_factor": false,
        "recovery_codes": 0,
        "workspaces": [{
            "workspace": "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
            "workspace_name": "Toko Kopi",
            "role": "owner"
        }],
        "created_at": "2026-01-01T00:00:00.000Z"
    })
}
