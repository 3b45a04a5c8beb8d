//! What proves who somebody is: access tokens, passwords, and a bound on guessing.

use std::{net::IpAddr, time::Duration};

use async_trait::async_trait;

use crate::{
    SignInId, Timestamp, UserId, WorkspaceId,
    people::{Effort, EmailAddress, Password, PasswordHash},
    ports::PortResult,
};

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// Who.
    pub user: UserId,
    /// By which sign-in.
    pub sign_in: SignInId,
    /// Until when.
    pub expires_at: Timestamp,
    /// The only workspace it is good for, if it was asked for one.
    pub workspace: Option<WorkspaceId>,
}

/// Access tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Signs a token.
    async fn issue(&self, claims: &Claims) -> PortResult<String>;
    /// What a token says, when it is ours, has not run out, and its sign-in was not ended more than a second ago.
    async fn verify(&self, token: &str) -> PortResult<Option<Claims>>;
    /// Voids all tokens of sign-ins that have ended.
    async fn revoke(&self, sign_ins: &[SignInId]) -> PortResult<()>;
    /// The public keys, as a JWK Set (RFC 7517).
    async fn jwks(&self) -> PortResult<serde_json::Value>;
    /// Signs with a new key from now on; its id.
    async fn rotate(&self) -> PortResult<String>;
}

/// What comparing a password told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// Whether it is the one.
    pub right: bool,
    /// Whether it is hashed less strongly than we would now.
    pub outdated: bool,
}

/// Hashes passwords: slowly, and only a few at a time.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// Hashes one.
    async fn hash(&self, password: &Password) -> PortResult<PasswordHash>;
    /// Compares one. Without a hash it is wrong, and takes as long.
    async fn compare(&self, password: &Password, hash: Option<&PasswordHash>) -> PortResult<Compared>;
}

/// Counts attempts at what could be guessed.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Counts a try, unless there were too many: then how long to wait.
    async fn begin(
        &self,
        effort: Effort,
        account: &EmailAddress,
        origin: Option<IpAddr>,
    ) -> PortResult<Option<Duration>>;
    /// The try succeeded: it and those before it were no guesses.
    async fn succeeded(
        &self,
        effort: Effort,
        account: &EmailAddress,
        origin: Option<IpAddr>,
    ) -> PortResult<()>;
}
