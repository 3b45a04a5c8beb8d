//! Coming in by a provider (OpenID Connect) that vouches for somebody.

use super::{
    Admission, EmailAddress, PeoplePorts, Person, SignInError, SignInOutcome, Visit, Vouched, checked_name,
    link_identity::{identity, join, tell},
    sign_in::proceed,
    verify::{newcomer, own_workspace},
};
use crate::{
    Env,
    ports::{Admitted, Arrival, Newcomer, PortError, PortResult, Provider, ProviderFailure},
};

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderSignInError {
    /// The provider vouched for nobody.
    #[error(transparent)]
    Provider(#[from] ProviderFailure),
    /// Nobody is known by this identity, and the provider has verified no address of theirs.
    #[error("the provider has not verified the address")]
    Unverified,
    /// Nobody is known by this identity; the address has an account, to which it has to be linked first.
    #[error("the address has an account")]
    AccountExists,
    /// Nobody is known by this identity, and no account is made for them here.
    #[error("nobody registers here")]
    Closed,
    /// The account may not be used, or the sign-in failed otherwise.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Signs in whom a provider vouches for. Whoever is not known yet gets an account where the rules give one.
///
/// An account that is there already is never given away by its address alone, unless the operator trusts the provider
/// with addresses: else whoever has a provider say "this is ayu@example.com" would be Ayu (OpenID
/// Connect Core 1.0 §5.7).
///
/// # Errors
/// See [`ProviderSignInError`].
pub async fn enter_by_provider(
    env: &Env,
    ports: PeoplePorts<'_>,
    provider: &str,
    arrival: &Arrival,
    visit: &Visit,
) -> Result<SignInOutcome, ProviderSignInError> {
    let provider = ports.providers.get(provider).ok_or(ProviderFailure::Unknown)?;
    let vouched = ports.providers.arrive(&provider.id, None, arrival).await?;
    let known = ports.identities.person(&vouched.issuer, &vouched.subject).await?;
    let person = match known {
        Some(person) => person,
        None => first_time(env, ports, &provider, &vouched).await?,
    };
    if person.disabled_at.is_some() {
        return Err(SignInError::Wrong.into());
    }
    Ok(proceed(env, ports, &person, visit).await?)
}

async fn first_time(
    env: &Env,
    ports: PeoplePorts<'_>,
    provider: &Provider,
    vouched: &Vouched,
) -> Result<Person, ProviderSignInError> {
    let address = vouched.verified_address.as_ref().ok_or(ProviderSignInError::Unverified)?;
    let Some(person) = ports.people.by_address(address).await? else {
        return admit(env, ports, provider, vouched, address).await;
    };
    if provider.trusts_addresses && person.disabled_at.is_none() {
        join(env, ports, &person, provider, vouched).await?.ok_or(ProviderSignInError::AccountExists)?;
        return Ok(person);
    }
    Err(ProviderSignInError::AccountExists)
}

/// Makes an account without a password. The mail that tells of it goes to the address: should the provider have vouched
/// for another's, its owner hears of it, and a new password by mail takes the account back with all that leads into it.
async fn admit(
    env: &Env,
    ports: PeoplePorts<'_>,
    provider: &Provider,
    vouched: &Vouched,
    address: &EmailAddress,
) -> Result<Person, ProviderSignInError> {
    if !is_wanted(env, ports, address).await? {
        return Err(ProviderSignInError::Closed);
    }
    let name = vouched.name.as_deref().and_then(|name| checked_name(name).ok());
    let person = newcomer(env, address.clone(), name.unwrap_or_else(|| local_part(address)));
    let open = ports.rules.admission == Admission::Open;
    let own = (open && ports.rules.own_workspace).then(|| own_workspace(env, &person));
    let identity = identity(env, person.id, vouched);
    let newcomer = Newcomer { person: &person, own: own.as_ref(), code: None, identity: Some(&identity) };
    match ports.people.admit(newcomer, env.now()).await? {
        Admitted::Made => {
            tell(env, ports, &person, &provider.name, true).await?;
            Ok(person)
        }
        // meanwhile
        Admitted::AddressTaken | Admitted::CodeGone => Err(ProviderSignInError::AccountExists),
    }
}

async fn is_wanted(env: &Env, ports: PeoplePorts<'_>, address: &EmailAddress) -> PortResult<bool> {
    match ports.rules.admission {
        Admission::Closed => Ok(false),
        Admission::Invited => ports.members.is_invited(address, env.now()).await,
        Admission::Open => Ok(true),
    }
}

fn local_part(address: &EmailAddress) -> String {
    address.as_str().split('@').next().unwrap_or_default().to_owned()
}
