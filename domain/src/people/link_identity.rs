//! Linking an account at a provider to one's own, and taking it away again.

use std::net::IpAddr;

use super::{
    ChangePasswordError, Identity, Password, PeoplePorts, Person, Vouched, change_password::knows_password,
    register::send,
};
use crate::{
    Env, IdentityId, UserId,
    mail::Letter,
    ports::{Arrival, Departure, PortError, PortResult, Provider, ProviderFailure, Unlinked},
};

/// Why no identity was linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkIdentityError {
    /// The password is wrong, or was tried too often.
    #[error(transparent)]
    Password(#[from] ChangePasswordError),
    /// The provider vouched for nobody.
    #[error(transparent)]
    Provider(#[from] ProviderFailure),
    /// It lets somebody else in.
    #[error("the identity is another account's")]
    Taken,
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Why an identity stayed.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkIdentityError {
    /// The person has none of that id.
    #[error("no such identity")]
    NotFound,
    /// Without it nothing would let the person in.
    #[error("the last way in")]
    LastWayIn,
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The way to a provider for somebody who is signed in and knows the password: a token may be stolen, and an identity
/// outlives every token.
///
/// # Errors
/// See [`LinkIdentityError`].
pub async fn begin_link(
    ports: PeoplePorts<'_>,
    user: UserId,
    provider: &str,
    password: &Password,
    origin: Option<IpAddr>,
) -> Result<Departure, LinkIdentityError> {
    let provider = ports.providers.get(provider).ok_or(ProviderFailure::Unknown)?;
    knows_password(ports, user, password, origin).await?;
    Ok(ports.providers.depart(&provider.id, Some(user)).await?)
}

/// Links whom the provider vouches for to the person who began. An identity that is theirs already stays as it is.
///
/// # Errors
/// See [`LinkIdentityError`].
pub async fn finish_link(
    env: &Env,
    ports: PeoplePorts<'_>,
    user: UserId,
    provider: &str,
    arrival: &Arrival,
) -> Result<Identity, LinkIdentityError> {
    let provider = ports.providers.get(provider).ok_or(ProviderFailure::Unknown)?;
    let vouched = ports.providers.arrive(&provider.id, Some(user), arrival).await?;
    let person = ports.people.get(user).await?.ok_or(ProviderFailure::Gone)?;
    join(env, ports, &person, &provider, &vouched).await?.ok_or(LinkIdentityError::Taken)
}

/// Takes an identity away, unless nothing else would let the person in.
///
/// # Errors
/// See [`UnlinkIdentityError`].
pub async fn unlink(
    env: &Env,
    ports: PeoplePorts<'_>,
    user: UserId,
    id: IdentityId,
) -> Result<Identity, UnlinkIdentityError> {
    let gone = match ports.identities.unlink(user, id).await? {
        Unlinked::Gone(identity) => identity,
        Unlinked::NotFound => return Err(UnlinkIdentityError::NotFound),
        Unlinked::LastWayIn => return Err(UnlinkIdentityError::LastWayIn),
    };
    let person = ports.people.get(user).await?.ok_or(UnlinkIdentityError::NotFound)?;
    let provider = ports.providers.list().into_iter().find(|provider| provider.issuer == gone.issuer);
    // one that the configuration does not name any more has no other name
    let name = provider.map_or_else(|| gone.issuer.clone(), |provider| provider.name);
    tell(env, ports, &person, &name, false).await?;
    Ok(gone)
}

/// What is to be on record of somebody a provider vouches for.
pub(super) fn identity(env: &Env, user: UserId, vouched: &Vouched) -> Identity {
    Identity {
        id: env.new_id(),
        user,
        issuer: vouched.issuer.clone(),
        subject: vouched.subject.clone(),
        address: vouched.verified_address.clone(),
        created_at: env.now(),
    }
}

/// Puts it on record and tells the person of it; `None` when it is another person's.
pub(super) async fn join(
    env: &Env,
    ports: PeoplePorts<'_>,
    person: &Person,
    provider: &Provider,
    vouched: &Vouched,
) -> PortResult<Option<Identity>> {
    let new = identity(env, person.id, vouched);
    let linked = ports.identities.link(&new).await?;
    if linked.as_ref() == Some(&new) {
        tell(env, ports, person, &provider.name, true).await?;
    }
    Ok(linked)
}

pub(super) async fn tell(
    env: &Env,
    ports: PeoplePorts<'_>,
    person: &Person,
    provider: &str,
    on: bool,
) -> PortResult<()> {
    let letter = Letter::IdentityChanged { provider: provider.to_owned(), on };
    send(env, ports, &person.address, letter).await
}
