//! Signing in, with a password and, where there is one, a second factor.

use std::time::Duration;

use super::{
    Effort, EmailAddress, Entered, Password, PeoplePorts, Person, TokenSecret, Visit,
    attempt::attempt,
    entry::{enter, may_ask_for},
    second_factor::{FactorError, proves},
};
use crate::{
    Env, Invalid, Timestamp,
    ports::{Code, PortError, PortResult, Purpose},
};

/// How long somebody has for the second factor.
const CHALLENGE_TTL: Duration = Duration::from_mins(5);

/// What is typed.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The address.
    pub address: String,
    /// The password.
    pub password: Password,
}

/// What signing in led to.
#[derive(Debug, Clone)]
pub enum SignInOutcome {
    /// Signed in.
    Entered(Entered),
    /// The password was right; a code of the second factor is missing.
    SecondFactor {
        /// To be presented with the code.
        challenge: TokenSecret,
        /// Until when.
        expires_at: Timestamp,
    },
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Address and password do not belong together, or the account may not be used; which, nobody is told.
    #[error("address or password is wrong")]
    Wrong,
    /// The code of the second factor is wrong or was used before.
    #[error("the code is wrong")]
    WrongCode,
    /// The challenge is unknown, used or too old.
    #[error("the challenge is not good any more")]
    Gone,
    /// They do not belong to the workspace that was asked for.
    #[error("not a member of that workspace")]
    NotMember,
    /// There were too many tries; how long to wait.
    #[error("too many attempts")]
    TooMany(Duration),
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Compares a password and begins a sign-in, or asks for the second factor.
///
/// # Errors
/// See [`SignInError`].
pub async fn sign_in(
    env: &Env,
    ports: PeoplePorts<'_>,
    credentials: &Credentials,
    visit: &Visit,
) -> Result<SignInOutcome, SignInError> {
    let address: EmailAddress = credentials.address.parse()?;
    attempt(ports.attempts, Effort::Password, &address, visit.origin)
        .await?
        .map_err(|too_many| SignInError::TooMany(too_many.0))?;
    let person = ports.people.by_address(&address).await?;
    let hash = person.as_ref().and_then(|person| person.password.as_ref());
    let compared = ports.passwords.compare(&credentials.password, hash).await?;
    let person = person.filter(|person| compared.right && person.disabled_at.is_none());
    let person = person.ok_or(SignInError::Wrong)?;
    ports.attempts.succeeded(Effort::Password, &address, visit.origin).await?;
    if let (true, Some(old)) = (compared.outdated, &person.password) {
        let new = ports.passwords.hash(&credentials.password).await?;
        ports.people.rehash(person.id, old, &new).await?;
    }
    proceed(env, ports, &person, visit).await
}

/// What follows once it is known who somebody is: the second factor, or the sign-in.
pub(super) async fn proceed(
    env: &Env,
    ports: PeoplePorts<'_>,
    person: &Person,
    visit: &Visit,
) -> Result<SignInOutcome, SignInError> {
    let factor = ports.factors.get(person.id).await?;
    if factor.is_none_or(|factor| factor.confirmed_at.is_none()) {
        check_workspace(ports, person, visit).await?;
        return Ok(SignInOutcome::Entered(enter(env, ports, person, visit).await?));
    }
    let (challenge, now) = (TokenSecret::generate(env), env.now());
    let code = Code {
        hash: challenge.hash(),
        purpose: Purpose::Challenge,
        address: person.address.clone(),
        user: Some(person.id),
        name: None,
        created_at: now,
        expires_at: now.plus(CHALLENGE_TTL),
    };
    ports.people.put_code(&code).await?;
    Ok(SignInOutcome::SecondFactor { challenge, expires_at: code.expires_at })
}

/// Ends what [`sign_in`] began, with a code of the authenticator or a recovery code. A wrong one leaves the challenge good.
///
/// # Errors
/// See [`SignInError`].
pub async fn finish_sign_in(
    env: &Env,
    ports: PeoplePorts<'_>,
    (challenge, code): (&TokenSecret, &str),
    visit: &Visit,
) -> Result<Entered, SignInError> {
    let (hash, now) = (challenge.hash(), env.now());
    let found = ports.people.code(&hash, Purpose::Challenge, now).await?.ok_or(SignInError::Gone)?;
    let person = known(ports, &found).await?.ok_or(SignInError::Gone)?;
    check_workspace(ports, &person, visit).await?;
    proves(env, ports, &person, code, visit.origin).await.map_err(|error| match error {
        FactorError::TooMany(wait) => SignInError::TooMany(wait),
        FactorError::Port(error) => error.into(),
        FactorError::WrongPassword
        | FactorError::WrongCode
        | FactorError::NotEnrolled
        | FactorError::Enrolled => SignInError::WrongCode,
    })?;
    if !ports.people.use_code(&hash, Purpose::Challenge, now).await? {
        return Err(SignInError::Gone);
    }
    Ok(enter(env, ports, &person, visit).await?)
}

async fn known(ports: PeoplePorts<'_>, code: &Code) -> PortResult<Option<Person>> {
    let Some(user) = code.user else { return Ok(None) };
    Ok(ports.people.get(user).await?.filter(|person| person.disabled_at.is_none()))
}

async fn check_workspace(ports: PeoplePorts<'_>, person: &Person, visit: &Visit) -> Result<(), SignInError> {
    if may_ask_for(ports, person, visit).await? { Ok(()) } else { Err(SignInError::NotMember) }
}
