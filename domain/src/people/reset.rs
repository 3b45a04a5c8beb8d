//! Setting a password without knowing the old one.

use std::{net::IpAddr, time::Duration};

use super::{
    Effort, EmailAddress, Password, PeoplePorts, Person, TokenSecret, attempt::attempt, register::send,
};
use crate::{
    Env, Invalid,
    mail::Letter,
    ports::{Code, PasswordChange, PortError, PortResult, Purpose},
};

/// How long the link is good.
const TTL: Duration = Duration::from_hours(1);

/// Why no password was set.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The link is unknown, used or too old.
    #[error("the link is not good any more")]
    Gone,
    /// There were too many tries; how long to wait.
    #[error("too many attempts")]
    TooMany(Duration),
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Sends a link to the address, if it has an account; the caller is told the same in either case.
///
/// # Errors
/// See [`ResetError`].
pub async fn request_reset(
    env: &Env,
    ports: PeoplePorts<'_>,
    address: &str,
    origin: Option<IpAddr>,
) -> Result<(), ResetError> {
    let address: EmailAddress = address.parse()?;
    attempt(ports.attempts, Effort::Mail, &address, origin)
        .await?
        .map_err(|too_many| ResetError::TooMany(too_many.0))?;
    let person = ports.people.by_address(&address).await?;
    if let Some(person) = person.filter(|person| person.disabled_at.is_none()) {
        let link = reset_link(env, ports, &person).await?;
        send(env, ports, &address, Letter::ResetPassword { link }).await?;
    }
    Ok(())
}

/// A link that lets its bearer set the person's password.
pub(super) async fn reset_link(env: &Env, ports: PeoplePorts<'_>, person: &Person) -> PortResult<String> {
    let (token, now) = (TokenSecret::generate(env), env.now());
    let code = Code {
        hash: token.hash(),
        purpose: Purpose::Reset,
        address: person.address.clone(),
        user: Some(person.id),
        name: None,
        created_at: now,
        expires_at: now.plus(TTL),
    };
    ports.people.put_code(&code).await?;
    Ok(ports.rules.link("reset", &token))
}

/// Sets a password by a link. Every sign-in ends: whoever knew the old password is out.
///
/// # Errors
/// See [`ResetError`].
pub async fn reset_password(
    env: &Env,
    ports: PeoplePorts<'_>,
    token: &TokenSecret,
    password: String,
) -> Result<(), ResetError> {
    let (now, hash) = (env.now(), token.hash());
    let code = ports.people.code(&hash, Purpose::Reset, now).await?.ok_or(ResetError::Gone)?;
    let user = code.user.ok_or(ResetError::Gone)?;
    let password = Password::chosen("password", password, &code.address)?;
    let new = ports.passwords.hash(&password).await?;
    let change = PasswordChange { user, hash: &new, code: Some(&hash), keep: None };
    let ended = ports.people.set_password(change, now).await?.ok_or(ResetError::Gone)?;
    ports.tokens.revoke(&ended).await?;
    send(env, ports, &code.address, Letter::PasswordChanged).await?;
    Ok(())
}
