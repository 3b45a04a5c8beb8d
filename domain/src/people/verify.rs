//! Finishing a registration: the link was followed, so the address is theirs.

use super::{Password, PeoplePorts, Person, TokenSecret};
use crate::{
    Env, Invalid, WorkspaceId,
    people::EmailAddress,
    ports::{Admitted, Newcomer, PortError, Purpose},
    workspaces::Workspace,
};

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The password will not do.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The link is unknown, used or too old, or the address got an account meanwhile.
    #[error("the link is not good any more")]
    Gone,
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Makes the account of a registration, with a workspace of its own where the rules give one.
///
/// # Errors
/// See [`VerifyError`].
pub async fn verify_address(
    env: &Env,
    ports: PeoplePorts<'_>,
    token: &TokenSecret,
    password: String,
) -> Result<Person, VerifyError> {
    let now = env.now();
    let hash = token.hash();
    let code = ports.people.code(&hash, Purpose::Registration, now).await?.ok_or(VerifyError::Gone)?;
    let password = Password::chosen("password", password, &code.address)?;
    let person = Person {
        password: Some(ports.passwords.hash(&password).await?),
        ..newcomer(env, code.address, code.name.unwrap_or_default())
    };
    let own = ports.rules.own_workspace.then(|| own_workspace(env, &person));
    let newcomer = Newcomer { person: &person, own: own.as_ref(), code: Some(&hash), identity: None };
    match ports.people.admit(newcomer, now).await? {
        Admitted::Made => Ok(person),
        Admitted::CodeGone | Admitted::AddressTaken => Err(VerifyError::Gone),
    }
}

/// An account without a password.
pub(super) fn newcomer(env: &Env, address: EmailAddress, name: String) -> Person {
    Person {
        id: env.new_id(),
        address,
        name,
        password: None,
        operator: false,
        disabled_at: None,
        created_at: env.now(),
    }
}

/// The workspace that somebody gets who comes by themselves.
pub(super) fn own_workspace(env: &Env, person: &Person) -> Workspace {
    Workspace::new(env.new_id::<WorkspaceId>(), &person.name, env.now())
}
