//! Changing a password by somebody who knows it.

use std::{net::IpAddr, time::Duration};

use super::{Effort, Password, PeoplePorts, Person, attempt::attempt, register::send};
use crate::{
    Env, Invalid, SignInId, UserId,
    mail::Letter,
    ports::{PasswordChange, PortError},
};

/// Why the password stayed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The new one will not do.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The old one is wrong.
    #[error("the password is wrong")]
    Wrong,
    /// There were too many tries; how long to wait.
    #[error("too many attempts")]
    TooMany(Duration),
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Changes the password of a person who is signed in. Every other sign-in ends.
///
/// # Errors
/// See [`ChangePasswordError`].
pub async fn change_password(
    env: &Env,
    ports: PeoplePorts<'_>,
    (user, keep): (UserId, SignInId),
    (old, new): (&Password, String),
    origin: Option<IpAddr>,
) -> Result<(), ChangePasswordError> {
    let person = knows_password(ports, user, old, origin).await?;
    let new = Password::chosen("new_password", new, &person.address)?;
    let hash = ports.passwords.hash(&new).await?;
    let change = PasswordChange { user, hash: &hash, code: None, keep: Some(keep) };
    let ended = ports.people.set_password(change, env.now()).await?.ok_or(ChangePasswordError::Wrong)?;
    ports.tokens.revoke(&ended).await?;
    send(env, ports, &person.address, Letter::PasswordChanged).await?;
    Ok(())
}

/// Whether somebody who is signed in also knows the password: a token may be stolen.
pub(crate) async fn knows_password(
    ports: PeoplePorts<'_>,
    user: UserId,
    password: &Password,
    origin: Option<IpAddr>,
) -> Result<Person, ChangePasswordError> {
    let person = ports.people.get(user).await?.ok_or(ChangePasswordError::Wrong)?;
    attempt(ports.attempts, Effort::Password, &person.address, origin)
        .await?
        .map_err(|too_many| ChangePasswordError::TooMany(too_many.0))?;
    if !ports.passwords.compare(password, person.password.as_ref()).await?.right {
        return Err(ChangePasswordError::Wrong);
    }
    ports.attempts.succeeded(Effort::Password, &person.address, origin).await?;
    Ok(person)
}
