//! A contact as it is shown.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::Contact;

/// A person as one session knows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub(crate) struct PersonView {
    /// Stable id; survives the moment a LID is learned.
    #[schema(example = "ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Session that knows the person.
    #[schema(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    session: String,
    /// Phone number, digits.
    #[schema(example = "6281234567890")]
    pn: Option<String>,
    /// LID, digits.
    #[schema(example = "123456789012345")]
    lid: Option<String>,
    /// The name the person shows, as it was seen last.
    #[schema(example = "Ayu")]
    name: Option<String>,
    /// When something of this was learned last (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    updated_at: String,
}

impl From<Contact> for PersonView {
    fn from(contact: Contact) -> Self {
        let Contact { id, workspace: _, session, ids, push_name, updated_at } = contact;
        Self {
            id: id.to_string(),
            session: session.to_string(),
            pn: ids.pn,
            lid: ids.lid,
            name: push_name,
            updated_at: updated_at.to_string(),
        }
    }
}

/// The example of a contact in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "id": "ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "session": "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "pn": "6281234567890",
        "lid": "123456789012345",
        "name": "Ayu",
        "updated_at": "2026-01-01T00:00:00.000Z"
    })
}
