//! People on record: who they are, what they belong to, where they are signed in.
//!
//! A person is above workspaces, so what belongs to a person is asked for by person; what belongs to a workspace is
//! asked for by workspace first.

use async_trait::async_trait;

use crate::{
    InvitationId, SignInId, Timestamp, UserId, WorkspaceId,
    auth::Role,
    people::{
        EmailAddress, Identity, Invitation, Member, Membership, PasswordHash, Person, SignIn, Standing,
        TokenHash, TotpSecret,
    },
    ports::PortResult,
    workspaces::Workspace,
};

/// What a one-time code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Making the account of an address.
    Registration,
    /// Setting a password.
    Reset,
    /// Giving the second factor of a sign-in whose password was right.
    Challenge,
}

impl Purpose {
    /// Its name on record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Reset => "reset",
            Self::Challenge => "challenge",
        }
    }
}

/// A one-time code, without the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What is stored of it.
    pub hash: TokenHash,
    /// What it is good for.
    pub purpose: Purpose,
    /// Whose it is.
    pub address: EmailAddress,
    /// The account, when there is one.
    pub user: Option<UserId>,
    /// How they want to be called who register.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// An account to make, and what is to happen with it.
#[derive(Debug, Clone, Copy)]
pub struct Newcomer<'a> {
    /// The account.
    pub person: &'a Person,
    /// A workspace to make, of which they are the owner.
    pub own: Option<&'a Workspace>,
    /// The code that allows it, used up by it.
    pub code: Option<&'a TokenHash>,
    /// The account at a provider that lets them in.
    pub identity: Option<&'a Identity>,
}

/// What became of making an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// It is there.
    Made,
    /// The code is unknown, used or too old.
    CodeGone,
    /// The address has an account, or the identity belongs to one; the code is used up.
    AddressTaken,
}

/// What people are, for deciding about each of their requests.
#[async_trait]
pub trait Standings: Send + Sync {
    /// What a person is, also in a workspace; `None` when there is no such person.
    async fn standing(&self, user: UserId, workspace: Option<WorkspaceId>) -> PortResult<Option<Standing>>;
}

/// People and their one-time codes.
#[async_trait]
pub trait People: Send + Sync {
    /// One person.
    async fn get(&self, user: UserId) -> PortResult<Option<Person>>;
    /// The person of an address.
    async fn by_address(&self, address: &EmailAddress) -> PortResult<Option<Person>>;
    /// The workspaces a person belongs to, by id.
    async fn memberships(&self, user: UserId) -> PortResult<Vec<Membership>>;

    /// Makes an account, with its workspace and identity in one step.
    async fn admit(&self, newcomer: Newcomer<'_>, now: Timestamp) -> PortResult<Admitted>;
    /// Sets a password, voids all reset codes of the person and ends all sign-ins but `keep`; which ones. By a code, it
    /// takes away their identities, too: whoever came in without reading the mail of the address is out. `None` when
    /// the code is unknown, used, too old or another person's.
    async fn set_password(
        &self,
        change: PasswordChange<'_>,
        now: Timestamp,
    ) -> PortResult<Option<Vec<SignInId>>>;
    /// Puts another hash of the same password in the place of this one, unless it was changed meanwhile.
    async fn rehash(&self, user: UserId, old: &PasswordHash, new: &PasswordHash) -> PortResult<()>;
    /// Notes that a person runs the gateway.
    async fn make_operator(&self, user: UserId) -> PortResult<()>;

    /// Keeps a code, and forgets all that ran out.
    async fn put_code(&self, code: &Code) -> PortResult<()>;
    /// A code that is still good.
    async fn code(&self, hash: &TokenHash, purpose: Purpose, now: Timestamp) -> PortResult<Option<Code>>;
    /// Uses a code up; `false` when somebody was faster or it ran out.
    async fn use_code(&self, hash: &TokenHash, purpose: Purpose, now: Timestamp) -> PortResult<bool>;
}

/// A password to set.
#[derive(Debug, Clone, Copy)]
pub struct PasswordChange<'a> {
    /// Whose.
    pub user: UserId,
    /// What is stored of it.
    pub hash: &'a PasswordHash,
    /// The code that allows it, used up by it; none when the old password did.
    pub code: Option<&'a TokenHash>,
    /// The sign-in that goes on.
    pub keep: Option<SignInId>,
}

/// What became of changing a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    /// It is so now.
    Done,
    /// They are no member, or their role is not the one that was expected.
    Moved,
    /// They are the only owner.
    LastOwner,
}

/// What became of accepting an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// This person is a member now, or was one before.
    Member(UserId),
    /// The invitation is unknown, used, revoked or too old.
    Gone,
    /// The address has no account, and none was given. The invitation stays.
    NoAccount,
}

/// Who belongs to which workspace, and who is asked to.
#[async_trait]
pub trait Members: Send + Sync {
    /// Members of a workspace, by id of the person.
    async fn list(&self, workspace: WorkspaceId) -> PortResult<Vec<Member>>;
    /// One of them.
    async fn get(&self, workspace: WorkspaceId, user: UserId) -> PortResult<Option<Member>>;
    /// Gives a member whose role is `from` another one, or removes them. Of several at once the last owner stays.
    async fn change(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        from: Role,
        to: Option<Role>,
    ) -> PortResult<MemberChange>;
    /// What people call a workspace.
    async fn workspace_name(&self, workspace: WorkspaceId) -> PortResult<Option<String>>;

    /// Stores an invitation; an older one of the same address into the same workspace is void.
    async fn invite(&self, invitation: &Invitation, token: &TokenHash) -> PortResult<()>;
    /// Invitations into a workspace that can still be accepted, by id.
    async fn invitations(&self, workspace: WorkspaceId, now: Timestamp) -> PortResult<Vec<Invitation>>;
    /// The invitation of a token, while it can be accepted.
    async fn invitation(&self, token: &TokenHash, now: Timestamp) -> PortResult<Option<Invitation>>;
    /// Whether there is an invitation of that address that can still be accepted.
    async fn is_invited(&self, address: &EmailAddress, now: Timestamp) -> PortResult<bool>;
    /// Voids an invitation; `false` when there is none.
    async fn revoke_invitation(&self, workspace: WorkspaceId, id: InvitationId) -> PortResult<bool>;
    /// Uses an invitation up: the person of its address becomes a member, or else the newcomer does, whose account is
    /// made in the same step. A member keeps the role they have.
    async fn accept(
        &self,
        token: &TokenHash,
        newcomer: Option<&Person>,
        now: Timestamp,
    ) -> PortResult<Joined>;
}

/// A refresh token that is presented.
#[derive(Debug, Clone)]
pub struct Presented<'a> {
    /// What is stored of it.
    pub token: &'a TokenHash,
    /// What its successor is made with, if this is its first use.
    pub salt: &'a str,
    /// What is stored of that successor.
    pub successor: &'a TokenHash,
    /// Now.
    pub now: Timestamp,
    /// Sign-ins that got no new token since then are over.
    pub idle_since: Timestamp,
}

/// A refresh token of a sign-in that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Its sign-in.
    pub sign_in: SignIn,
    /// Its earlier use; none when this was the first, and the successor is on record.
    pub before: Option<EarlierUse>,
}

/// A use of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierUse {
    /// When.
    pub at: Timestamp,
    /// What its successor was made with.
    pub salt: String,
    /// Whether the successor has been used too.
    pub successor_used: bool,
}

/// Sign-ins and their refresh tokens.
#[async_trait]
pub trait SignIns: Send + Sync {
    /// Stores a sign-in with its first token, and forgets those of the person that ended long ago.
    async fn begin(&self, sign_in: &SignIn, token: &TokenHash) -> PortResult<()>;
    /// Uses a token, of several at once only the first; `None` when it is unknown or its sign-in is over.
    async fn rotate(&self, presented: Presented<'_>) -> PortResult<Option<Rotation>>;
    /// Sign-ins of a person that are not over, by id.
    async fn list(&self, user: UserId, now: Timestamp, idle_since: Timestamp) -> PortResult<Vec<SignIn>>;
    /// Ends a sign-in; `false` when the person has none of that id. Ending it again changes nothing.
    async fn end(&self, user: UserId, id: SignInId, now: Timestamp) -> PortResult<bool>;
    /// Ends all sign-ins of a person; these, and those that had ended since then.
    async fn end_all(&self, user: UserId, now: Timestamp, since: Timestamp) -> PortResult<Vec<SignInId>>;
}

/// A second factor: an authenticator that shows time-based codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// What its codes are made of.
    pub secret: TotpSecret,
    /// When a first code proved that it is set up; it does not count before.
    pub confirmed_at: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// Second factors and recovery codes.
#[async_trait]
pub trait SecondFactors: Send + Sync {
    /// A person's second factor.
    async fn get(&self, user: UserId) -> PortResult<Option<SecondFactor>>;
    /// Stores one that is not confirmed, in the place of another such; `false` when there is a confirmed one.
    async fn enrol(&self, user: UserId, secret: &TotpSecret, now: Timestamp) -> PortResult<bool>;
    /// Confirms it by the code of a step and stores recovery codes; `false` when it is confirmed or not there.
    async fn confirm(&self, user: UserId, step: u64, codes: &[TokenHash], now: Timestamp)
    -> PortResult<bool>;
    /// Notes that the code of a step was used; `false` when it or a later one was used before.
    async fn use_step(&self, user: UserId, step: u64) -> PortResult<bool>;
    /// Uses a recovery code up; `false` when there is none such.
    async fn use_recovery(&self, user: UserId, code: &TokenHash) -> PortResult<bool>;
    /// Puts recovery codes in the place of those that are left.
    async fn renew_recovery(&self, user: UserId, codes: &[TokenHash]) -> PortResult<()>;
    /// Removes factor and recovery codes; `false` when there is none.
    async fn remove(&self, user: UserId) -> PortResult<bool>;
}
