//! Coming in by a provider (OpenID Connect) that vouches for somebody.

use super::{
    PeoplePorts, Person, SignInError, SignInOutcome, Visit,
    sign_in::proceed,
    verify::{newcomer, own_workspace},
};
use crate::{
    Env,
    people::EmailAddress,
    ports::{Admitted, Identity, Newcomer, PortError},
};

/// What a provider says of somebody, after its signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The provider's issuer.
    pub issuer: String,
    /// What it calls the account.
    pub subject: String,
    /// The address, when the provider has verified it.
    pub verified_address: Option<EmailAddress>,
    /// What people call them.
    pub name: Option<String>,
    /// Whether those without an account get one.
    pub may_register: bool,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// There is no account for them, and they get none this way.
    #[error("no account belongs to this identity")]
    NoAccount,
    /// The account may not be used, or the sign-in failed otherwise.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Signs in whom a provider vouches for. An account is joined to the provider's only by an address that the provider
/// has verified: with any other, somebody could take over an account by naming its address.
///
/// # Errors
/// See [`ProviderError`].
pub async fn enter_by_provider(
    env: &Env,
    ports: PeoplePorts<'_>,
    vouched: &Vouched,
    visit: &Visit,
) -> Result<SignInOutcome, ProviderError> {
    let person = find(env, ports, vouched).await?.ok_or(ProviderError::NoAccount)?;
    if person.disabled_at.is_some() {
        return Err(ProviderError::NoAccount);
    }
    Ok(proceed(env, ports, &person, visit).await?)
}

async fn find(env: &Env, ports: PeoplePorts<'_>, vouched: &Vouched) -> Result<Option<Person>, ProviderError> {
    let identity = Identity { issuer: &vouched.issuer, subject: &vouched.subject };
    if let Some(person) = ports.people.by_identity(identity).await? {
        return Ok(Some(person));
    }
    let Some(address) = &vouched.verified_address else { return Ok(None) };
    loop {
        if let Some(person) = ports.people.by_address(address).await? {
            ports.people.link(person.id, identity, env.now()).await?;
            return Ok(Some(person));
        }
        if !vouched.may_register {
            return Ok(None);
        }
        let name = vouched.name.clone().unwrap_or_else(|| address.to_string());
        let person = newcomer(env, address.clone(), name);
        let own = ports.rules.own_workspace.then(|| own_workspace(env, &person));
        let newcomer = Newcomer { person: &person, own: own.as_ref(), code: None, identity: Some(identity) };
        // an address that was taken meanwhile has a person now
        if ports.people.admit(newcomer, env.now()).await? == Admitted::Made {
            return Ok(Some(person));
        }
    }
}
