//! A WhatsApp person has a phone number (PN) and a LID; a contact joins the two.

use serde::{Deserialize, Serialize};

use crate::{Address, ContactId, SessionId, Timestamp, WorkspaceId, address::Server};

/// The identities of one chat partner, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContactIds {
    /// Phone number, digits without `+`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pn: Option<String>,
    /// LID, digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lid: Option<String>,
}

impl ContactIds {
    /// What one address tells of a person; nothing for groups and channels.
    #[must_use]
    pub fn of(address: &Address) -> Self {
        match address.server() {
            Server::Pn => Self { pn: Some(address.user().to_owned()), lid: None },
            Server::Lid => Self { pn: None, lid: Some(address.user().to_owned()) },
            Server::Group | Server::Newsletter => Self::default(),
        }
    }

    /// Both addresses' knowledge together; the first named wins where they differ.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { pn: self.pn.or(other.pn), lid: self.lid.or(other.lid) }
    }
}

/// A person as one session knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Stable id; survives the moment a LID is learned.
    pub id: ContactId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Session that knows the contact.
    pub session: SessionId,
    /// PN and LID.
    pub ids: ContactIds,
    /// Push name last seen.
    pub push_name: Option<String>,
    /// Last change.
    pub updated_at: Timestamp,
}
