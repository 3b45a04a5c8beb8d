//! The second factor: setting it up, proving it, taking it away.

use std::{net::IpAddr, time::Duration};

use super::{
    ChangePasswordError, Effort, Password, PeoplePorts, Person, RecoveryCode, TokenHash, TotpSecret,
    attempt::attempt, change_password::knows_password, recovery, register::send,
};
use crate::{
    Env, UserId,
    mail::Letter,
    ports::{PortError, PortResult},
};

/// What authenticators show beside the account.
const ISSUER: &str = "wagate";

/// A second factor that waits for its first code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// For typing.
    pub secret: TotpSecret,
    /// For a QR code.
    pub uri: String,
}

/// Why the second factor stayed as it was, or proved nothing.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// The password is wrong.
    #[error("the password is wrong")]
    WrongPassword,
    /// The code is wrong or was used before.
    #[error("the code is wrong")]
    WrongCode,
    /// There is none to confirm, to use or to remove.
    #[error("no second factor is set up")]
    NotEnrolled,
    /// There is one already.
    #[error("a second factor is set up already")]
    Enrolled,
    /// There were too many tries; how long to wait.
    #[error("too many attempts")]
    TooMany(Duration),
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<ChangePasswordError> for FactorError {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Wrong | ChangePasswordError::Invalid(_) => Self::WrongPassword,
            ChangePasswordError::TooMany(wait) => Self::TooMany(wait),
            ChangePasswordError::Port(error) => Self::Port(error),
        }
    }
}

/// Begins setting one up. It counts once [`confirm_factor`] has seen a code.
///
/// # Errors
/// See [`FactorError`].
pub async fn enrol_factor(
    env: &Env,
    ports: PeoplePorts<'_>,
    user: UserId,
    password: &Password,
    origin: Option<IpAddr>,
) -> Result<Enrolment, FactorError> {
    let person = knows_password(ports, user, password, origin).await?;
    let secret = TotpSecret::generate(env);
    if !ports.factors.enrol(user, &secret, env.now()).await? {
        return Err(FactorError::Enrolled);
    }
    let uri = secret.uri(ISSUER, &person.address);
    Ok(Enrolment { secret, uri })
}

/// Confirms it by a first code; the recovery codes, which are shown this once.
///
/// # Errors
/// See [`FactorError`].
pub async fn confirm_factor(
    env: &Env,
    ports: PeoplePorts<'_>,
    user: UserId,
    code: &str,
    origin: Option<IpAddr>,
) -> Result<Vec<RecoveryCode>, FactorError> {
    let person = ports.people.get(user).await?.ok_or(FactorError::NotEnrolled)?;
    let factor = ports.factors.get(user).await?.ok_or(FactorError::NotEnrolled)?;
    if factor.confirmed_at.is_some() {
        return Err(FactorError::Enrolled);
    }
    begin(ports, &person, origin).await?;
    let step = factor.secret.step_of(code.trim(), env.now()).ok_or(FactorError::WrongCode)?;
    let codes = RecoveryCode::generate_all(env);
    if !ports.factors.confirm(user, step, &hashes(&codes), env.now()).await? {
        return Err(FactorError::Enrolled);
    }
    ports.attempts.succeeded(Effort::Code, &person.address, origin).await?;
    send(env, ports, &person.address, Letter::SecondFactorChanged { on: true }).await?;
    Ok(codes)
}

/// Takes it away, with its recovery codes.
///
/// # Errors
/// See [`FactorError`].
pub async fn remove_factor(
    env: &Env,
    ports: PeoplePorts<'_>,
    user: UserId,
    (password, code): (&Password, &str),
    origin: Option<IpAddr>,
) -> Result<(), FactorError> {
    let person = knows_password(ports, user, password, origin).await?;
    proves(env, ports, &person, code, origin).await?;
    if !ports.factors.remove(user).await? {
        return Err(FactorError::NotEnrolled);
    }
    send(env, ports, &person.address, Letter::SecondFactorChanged { on: false }).await?;
    Ok(())
}

/// Makes new recovery codes; those before are void.
///
/// # Errors
/// See [`FactorError`].
pub async fn renew_recovery_codes(
    env: &Env,
    ports: PeoplePorts<'_>,
    user: UserId,
    (password, code): (&Password, &str),
    origin: Option<IpAddr>,
) -> Result<Vec<RecoveryCode>, FactorError> {
    let person = knows_password(ports, user, password, origin).await?;
    proves(env, ports, &person, code, origin).await?;
    let codes = RecoveryCode::generate_all(env);
    ports.factors.renew_recovery(user, &hashes(&codes)).await?;
    Ok(codes)
}

/// Whether a code proves the factor: one of the authenticator that was not used before, or a recovery code, which is
/// used up.
pub(super) async fn proves(
    env: &Env,
    ports: PeoplePorts<'_>,
    person: &Person,
    code: &str,
    origin: Option<IpAddr>,
) -> Result<(), FactorError> {
    let factor = ports.factors.get(person.id).await?.filter(|factor| factor.confirmed_at.is_some());
    let factor = factor.ok_or(FactorError::NotEnrolled)?;
    begin(ports, person, origin).await?;
    let good = match (factor.secret.step_of(code.trim(), env.now()), recovery::hash(code)) {
        (Some(step), _) => ports.factors.use_step(person.id, step).await?,
        (None, Some(hash)) => ports.factors.use_recovery(person.id, &hash).await?,
        (None, None) => false,
    };
    if !good {
        return Err(FactorError::WrongCode);
    }
    ports.attempts.succeeded(Effort::Code, &person.address, origin).await?;
    Ok(())
}

async fn begin(ports: PeoplePorts<'_>, person: &Person, origin: Option<IpAddr>) -> Result<(), FactorError> {
    let begun: PortResult<_> = attempt(ports.attempts, Effort::Code, &person.address, origin).await;
    begun?.map_err(|too_many| FactorError::TooMany(too_many.0))
}

fn hashes(codes: &[RecoveryCode]) -> Vec<TokenHash> {
    codes.iter().map(RecoveryCode::hash).collect()
}
