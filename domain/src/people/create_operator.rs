//! The person who runs the gateway, made by whoever has its machines.

use super::{EmailAddress, PeoplePorts, Person, checked_name, reset::reset_link, verify::newcomer};
use crate::{
    Env, Invalid,
    ports::{Admitted, Newcomer, PortError},
};

/// Why there is no operator, or no link.
#[derive(Debug, thiserror::Error)]
pub enum CreateOperatorError {
    /// The address or name is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The address has no account.
    #[error("no account has this address")]
    NotFound,
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Makes the person of an address an operator, and an account for it when it has none.
///
/// # Errors
/// See [`CreateOperatorError`].
pub async fn create_operator(
    env: &Env,
    ports: PeoplePorts<'_>,
    address: &str,
    name: &str,
) -> Result<Person, CreateOperatorError> {
    let address: EmailAddress = address.parse()?;
    loop {
        if let Some(person) = ports.people.by_address(&address).await? {
            ports.people.make_operator(person.id).await?;
            return Ok(Person { operator: true, ..person });
        }
        let person = Person { operator: true, ..newcomer(env, address.clone(), checked_name(name)?) };
        let newcomer = Newcomer { person: &person, own: None, code: None, identity: None };
        // an address that was taken meanwhile has a person now
        if ports.people.admit(newcomer, env.now()).await? == Admitted::Made {
            return Ok(person);
        }
    }
}

/// A link that lets its bearer set the password of an address, for handing over.
///
/// # Errors
/// See [`CreateOperatorError`].
pub async fn password_link(
    env: &Env,
    ports: PeoplePorts<'_>,
    address: &str,
) -> Result<String, CreateOperatorError> {
    let address: EmailAddress = address.parse()?;
    let person = ports.people.by_address(&address).await?.ok_or(CreateOperatorError::NotFound)?;
    Ok(reset_link(env, ports, &person).await?)
}
