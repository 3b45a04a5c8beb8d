//! People: how they come in, prove who they are, and what they are in workspaces.
//!
//! An account is made only by somebody who reads the mail of its address: by the link of a registration or of an
//! invitation, or on the word of a provider that has verified the address. No answer tells a stranger whether an address has one.

mod accept;
mod attempt;
mod change_password;
mod create_operator;
mod enter_by_provider;
mod entry;
mod identity;
mod invite;
mod link_identity;
mod members;
mod password;
mod recovery;
mod refresh;
mod register;
mod reset;
mod room;
mod second_factor;
mod sign_in;
mod sign_out;
mod token;
mod totp;
mod verify;

pub use crate::mail::EmailAddress;
pub use accept::{AcceptError, AcceptInvitation, accept_invitation};
pub use attempt::{Effort, Limit};
pub(crate) use change_password::knows_password;
pub use change_password::{ChangePasswordError, change_password};
pub use create_operator::{CreateOperatorError, create_operator, password_link};
pub use enter_by_provider::{ProviderSignInError, enter_by_provider};
pub use entry::{ACCESS_TTL, Entered, SIGN_IN_TTL, Visit};
pub use identity::{Identity, Vouched};
pub use invite::{INVITATION_TTL, InviteError, invite, revoke_invitation};
pub use link_identity::{LinkIdentityError, UnlinkIdentityError, begin_link, finish_link, unlink};
pub use members::{MemberError, change_role, remove_member};
pub use password::{Password, PasswordHash, checked_name};
pub use recovery::{RECOVERY_CODES, RecoveryCode};
pub use refresh::{GRACE, RefreshError, refresh};
pub use register::{RegisterError, Registration, register};
pub use reset::{ResetError, request_reset, reset_password};
pub use room::check_room;
pub use second_factor::{
    Enrolment, FactorError, confirm_factor, enrol_factor, remove_factor, renew_recovery_codes,
};
pub use sign_in::{Credentials, SignInError, SignInOutcome, finish_sign_in, sign_in};
pub use sign_out::{list_sign_ins, sign_out, sign_out_everywhere};
pub use token::{TokenHash, TokenSecret};
pub use totp::TotpSecret;
pub use verify::{VerifyError, verify_address};

use std::net::IpAddr;

use crate::{
    InvitationId, SignInId, Timestamp, UserId, WorkspaceId,
    auth::Role,
    ports::{
        Attempts, Identities, Members, Outbox, Passwords, People, Providers, SecondFactors, SignIns, Tokens,
    },
};

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Identifier.
    pub id: UserId,
    /// Where mail reaches them; proved when the account was made.
    pub address: EmailAddress,
    /// What people call them.
    pub name: String,
    /// What their password is compared with; none when they have yet to choose one.
    pub password: Option<PasswordHash>,
    /// Whether they run the gateway: the role above workspaces.
    pub operator: bool,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// What a person is right now, for deciding about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What they are in the workspace that was asked about.
    pub role: Option<Role>,
    /// Whether they run the gateway.
    pub operator: bool,
    /// Whether they may not sign in.
    pub disabled: bool,
}

/// A workspace a person belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What people call it.
    pub workspace_name: String,
    /// What the person is in it.
    pub role: Role,
}

/// A person of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub user: UserId,
    /// Their address.
    pub address: EmailAddress,
    /// What people call them.
    pub name: String,
    /// What they are in it.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
}

/// An address that was asked to join a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Identifier.
    pub id: InvitationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Whom it was sent to.
    pub address: EmailAddress,
    /// What they are to be.
    pub role: Role,
    /// Who asked, when a person did.
    pub by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// One time a person signed in: a family of refresh tokens, of which the last one is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Identifier.
    pub id: SignInId,
    /// Who.
    pub user: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it last got a new token.
    pub used_at: Timestamp,
    /// When it ends, whatever is done with it.
    pub expires_at: Timestamp,
    /// What the program said it was, shortened.
    pub agent: Option<String>,
    /// Where it came from.
    pub origin: Option<IpAddr>,
}

/// Who may make an account for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Admission {
    /// Nobody: an operator makes accounts.
    Closed,
    /// Those who were invited.
    #[default]
    Invited,
    /// Everybody.
    Open,
}

/// How this installation deals with people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleRules {
    /// Who may make an account for themselves.
    pub admission: Admission,
    /// Whether those who register get a workspace of their own.
    pub own_workspace: bool,
    /// What links in mails begin with, without a slash at its end.
    pub links: String,
}

impl PeopleRules {
    // behind the #, where neither servers nor their logs see it
    fn link(&self, page: &str, token: &TokenSecret) -> String {
        format!("{}/account/{page}#token={}", self.links, token.expose())
    }
}

/// What the use-cases of people need of the outside.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct PeoplePorts<'a> {
    /// People and their one-time codes.
    pub people: &'a dyn People,
    /// Who belongs to which workspace.
    pub members: &'a dyn Members,
    /// Sign-ins and their refresh tokens.
    pub sign_ins: &'a dyn SignIns,
    /// Second factors.
    pub factors: &'a dyn SecondFactors,
    /// Which accounts at providers let whom in.
    pub identities: &'a dyn Identities,
    /// The way to providers and back.
    pub providers: &'a dyn Providers,
    /// Access tokens.
    pub tokens: &'a dyn Tokens,
    /// Hashes passwords.
    pub passwords: &'a dyn Passwords,
    /// Counts attempts.
    pub attempts: &'a dyn Attempts,
    /// Where mail is put.
    pub outbox: &'a dyn Outbox,
    /// How this installation deals with people.
    pub rules: &'a PeopleRules,
}
