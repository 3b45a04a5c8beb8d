//! Registering: asking for a link that proves the address.

use std::{net::IpAddr, time::Duration};

use super::{
    Admission, EmailAddress, PeoplePorts, TokenSecret, attempt::attempt, checked_name, reset::reset_link,
};
use crate::{
    Env, Invalid,
    mail::{Letter, Mail},
    people::Effort,
    ports::{Code, PortError, PortResult, Purpose},
};

/// How long the link is good.
const TTL: Duration = Duration::from_hours(24);

/// Who wants an account.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Their address.
    pub address: String,
    /// What people call them.
    pub name: String,
}

/// Why nobody was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Accounts are not made this way here.
    #[error("nobody registers here")]
    Closed,
    /// There were too many tries; how long to wait.
    #[error("too many attempts")]
    TooMany(Duration),
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Sends a link to the address: to finish with, or, when it has an account already, to set a new password. The caller
/// is told the same in either case.
///
/// The password is chosen behind the link and not before: else somebody could register another's address with a
/// password of their own and wait for the other to follow the link.
///
/// # Errors
/// See [`RegisterError`].
pub async fn register(
    env: &Env,
    ports: PeoplePorts<'_>,
    request: &Registration,
    origin: Option<IpAddr>,
) -> Result<(), RegisterError> {
    if ports.rules.admission != Admission::Open {
        return Err(RegisterError::Closed);
    }
    let address: EmailAddress = request.address.parse()?;
    let name = checked_name(&request.name)?;
    attempt(ports.attempts, Effort::Mail, &address, origin)
        .await?
        .map_err(|too_many| RegisterError::TooMany(too_many.0))?;
    let letter = match ports.people.by_address(&address).await? {
        Some(person) => Letter::AlreadyRegistered { link: reset_link(env, ports, &person).await? },
        None => Letter::VerifyAddress { link: registration_link(env, ports, &address, name).await? },
    };
    send(env, ports, &address, letter).await?;
    Ok(())
}

async fn registration_link(
    env: &Env,
    ports: PeoplePorts<'_>,
    address: &EmailAddress,
    name: String,
) -> PortResult<String> {
    let (token, now) = (TokenSecret::generate(env), env.now());
    let code = Code {
        hash: token.hash(),
        purpose: Purpose::Registration,
        address: address.clone(),
        user: None,
        name: Some(name),
        created_at: now,
        expires_at: now.plus(TTL),
    };
    ports.people.put_code(&code).await?;
    Ok(ports.rules.link("verify", &token))
}

/// Puts a letter into the outbox.
pub(super) async fn send(
    env: &Env,
    ports: PeoplePorts<'_>,
    to: &EmailAddress,
    letter: Letter,
) -> PortResult<()> {
    let mail = Mail { id: env.new_id(), workspace: None, to: to.to_string(), letter, created_at: env.now() };
    ports.outbox.put(&mail).await
}
