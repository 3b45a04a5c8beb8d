//! A member as a workspace sees them.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::people::Member;

/// A member of a workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct MemberView {
    /// The person.
    #[schema(example = "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Their address.
    #[schema(example = "ayu@example.com")]
    address: String,
    /// What people call them.
    #[schema(example = "Ayu Lestari")]
    name: String,
    /// `owner`, `admin`, `operator`, `agent` or `viewer`.
    #[schema(example = "agent")]
    role: &'static str,
    /// When they joined (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    since: String,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let Member { user, address, name, role, since } = member;
        Self {
            id: user.to_string(),
            address: address.to_string(),
            name,
            role: role.name(),
            since: since.to_string(),
        }
    }
}

/// The example of a member in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "id": "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "address": "ayu@example.com",
        "name": "Ayu Lestari",
        "role": "agent",
        "since": "2026-01-01T00:00:00.000Z"
    })
}
