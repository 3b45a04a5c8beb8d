//! An invitation as a workspace sees it, without its link.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::people::Invitation;

/// An invitation that can be accepted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationView {
    /// Identifier.
    #[schema(example = "inv_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Whom it was sent to.
    #[schema(example = "budi@example.com")]
    address: String,
    /// What they are to be.
    #[schema(example = "agent")]
    role: &'static str,
    /// Who invited; `null` when a key did.
    invited_by: Option<String>,
    /// When it was sent (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: String,
    /// Until when it can be accepted (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-08T00:00:00.000Z")]
    expires_at: String,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        let Invitation { id, workspace: _, address, role, by, created_at, expires_at } = invitation;
        Self {
            id: id.to_string(),
            address: address.to_string(),
            role: role.name(),
            invited_by: by.map(|user| user.to_string()),
            created_at: created_at.to_string(),
            expires_at: expires_at.to_string(),
        }
    }
}

/// The example of an invitation in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "id": "inv_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "address": "budi@example.com",
        "role": "agent",
        "invited_by": "usr_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "created_at": "2026-01-01T00:00:00.000Z",
        "expires_at": "2026-01-08T00:00:00.000Z"
    })
}
