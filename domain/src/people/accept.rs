//! Accepting an invitation: whoever has its link reads the mail of its address.

use super::{Admission, Password, PeoplePorts, Person, TokenSecret, checked_name, verify::newcomer};
use crate::{
    Env, Invalid, UserId, WorkspaceId,
    ports::{Joined, PortError},
};

/// What is given with the link.
#[derive(Debug, Clone)]
pub struct AcceptInvitation {
    /// The secret of the link.
    pub token: TokenSecret,
    /// What people call them; for a new account only.
    pub name: Option<String>,
    /// For a new account only.
    pub password: Option<String>,
}

/// Why nobody joined.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// A field is wrong, or missing for a new account.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The invitation is unknown, used, revoked or too old.
    #[error("the invitation is not good any more")]
    Gone,
    /// The address has no account, and none is made here.
    #[error("nobody registers here")]
    Closed,
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Makes the person of the invitation's address a member, and an account for them when there is none.
///
/// # Errors
/// See [`AcceptError`].
pub async fn accept_invitation(
    env: &Env,
    ports: PeoplePorts<'_>,
    request: AcceptInvitation,
) -> Result<(UserId, WorkspaceId), AcceptError> {
    let (token, now) = (request.token.hash(), env.now());
    let invitation = ports.members.invitation(&token, now).await?.ok_or(AcceptError::Gone)?;
    let known = ports.people.by_address(&invitation.address).await?;
    let newcomer: Option<Person> = match known {
        Some(_) => None,
        None if ports.rules.admission == Admission::Closed => return Err(AcceptError::Closed),
        None => {
            let missing = |field| Invalid::new(field, "is missing", "add it: the address has no account yet");
            let name = checked_name(&request.name.ok_or_else(|| missing("name"))?)?;
            let password = request.password.ok_or_else(|| missing("password"))?;
            let password = Password::chosen("password", password, &invitation.address)?;
            let hash = ports.passwords.hash(&password).await?;
            Some(Person { password: Some(hash), ..newcomer(env, invitation.address, name) })
        }
    };
    match ports.members.accept(&token, newcomer.as_ref(), now).await? {
        Joined::Member(user) => Ok((user, invitation.workspace)),
        // an account that was there a moment ago is gone
        Joined::Gone | Joined::NoAccount => Err(AcceptError::Gone),
    }
}
