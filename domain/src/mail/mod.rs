//! Mail to people. What is to be sent lies in an outbox until a mail server has taken it.

mod address;
mod policy;

pub use address::EmailAddress;
pub use policy::{MailPolicy, Outcome};

use serde::{Deserialize, Serialize};

use crate::{MailId, Timestamp, WorkspaceId};

/// One mail to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Identifier.
    pub id: MailId,
    /// Tenant it is about, if it is about one.
    pub workspace: Option<WorkspaceId>,
    /// Address it goes to.
    pub to: String,
    /// What it says.
    pub letter: Letter,
    /// When it was written.
    pub created_at: Timestamp,
}

/// What mails say. Links carry secrets: they are never logged. Kept as JSON until the mail is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Letter {
    /// Confirm your address.
    VerifyAddress {
        /// Leads to the confirmation.
        link: String,
    },
    /// Set a new password.
    ResetPassword {
        /// Leads to the form.
        link: String,
    },
    /// Your password was changed.
    PasswordChanged,
    /// Somebody signed up with an address that has an account.
    AlreadyRegistered {
        /// Leads to the form for a new password.
        link: String,
    },
    /// Join a workspace.
    Invitation {
        /// Name of the workspace.
        workspace: String,
        /// Who invites, as people call them.
        by: String,
        /// Name of the role.
        role: String,
        /// Leads to the acceptance.
        link: String,
    },
    /// A refresh token was used twice: all tokens of that sign-in are void.
    SignInRevoked,
    /// A second factor was set up or taken away.
    SecondFactorChanged {
        /// Set up, rather than taken away.
        on: bool,
    },
    /// An account at a provider lets the person in from now on, or does not any more.
    IdentityChanged {
        /// Name of the provider.
        provider: String,
        /// Lets in, rather than not any more.
        on: bool,
    },
    /// A webhook was switched off.
    WebhookDisabled {
        /// Its address.
        url: String,
        /// Why, in plain words.
        reason: String,
        /// Leads to it.
        link: String,
    },
}

impl Letter {
    /// Name of its template.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VerifyAddress { .. } => "verify_address",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::Invitation { .. } => "invitation",
            Self::SignInRevoked => "sign_in_revoked",
            Self::SecondFactorChanged { .. } => "second_factor_changed",
            Self::IdentityChanged { .. } => "identity_changed",
            Self::WebhookDisabled { .. } => "webhook_disabled",
        }
    }
}

/// A letter as people read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// One line, without control characters.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As an HTML document.
    pub html: String,
}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("id", &self.id)
            .field("letter", &self.letter.name())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_kept_under_the_name_of_its_template() {
        let letter = Letter::VerifyAddress { link: "https://wa.example/x".to_owned() };
        let json = serde_json::to_value(&letter).unwrap();
        assert_eq!(json, serde_json::json!({"name": letter.name(), "link": "https://wa.example/x"}));
        assert!(serde_json::from_value::<Letter>(json).unwrap() == letter);
        assert!(!format!("{letter:?}").contains("wa.example"), "links are secrets");
    }
}
