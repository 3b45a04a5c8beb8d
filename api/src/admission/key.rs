//! Coming in with an API key.

use std::net::IpAddr;

use wagate_domain::{
    auth::{Actor, ApiKey, KeyRefusal, Principal, hash_key},
    ports::PortResult,
};

use super::caller::{Admitted, Credential};
use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// Whether this is an API key and not an access token, which has dots in it.
pub(super) fn is_one(shown: &str) -> bool {
    !shown.contains('.')
}

/// Whoever shows this key.
pub(super) async fn admit(
    state: &ApiState,
    secret: &str,
    address: Option<IpAddr>,
) -> Result<Admitted, Problem> {
    let hash = hash_key(secret);
    let unknown = || Problem::new(Code::Unauthenticated, "The API key is unknown or was revoked");
    let key = state.keys.find(&hash).await?.ok_or_else(unknown)?;
    let now = state.env.now();
    key.admits(&hash, now, address).map_err(|refusal| match refusal {
        KeyRefusal::Revoked => unknown(),
        KeyRefusal::Expired => Problem::new(Code::Unauthenticated, "The API key has expired"),
        KeyRefusal::Address => Problem::plain(Code::AddressNotAllowed),
    })?;
    if let Err(error) = state.keys.used(&key, now, address).await {
        tracing::warn!(error = &error as &dyn std::error::Error, key = %key.id, "the use of a key is not noted");
    }
    let ApiKey { id, workspace, scopes, sessions, .. } = key;
    let principal = Principal { workspace, actor: Actor::Key(id) };
    Ok(Admitted {
        principal,
        may: scopes,
        sessions: sessions.map(Into::into),
        address,
        credential: Credential::new(&hash),
    })
}

/// Whether the key still opens. While the record is away it does.
pub(super) async fn still(state: &ApiState, admitted: &Admitted) -> bool {
    let found: PortResult<Option<ApiKey>> = state.keys.find(admitted.credential.expose()).await;
    match found {
        Ok(Some(key)) => key.admits(admitted.credential.expose(), state.env.now(), admitted.address).is_ok(),
        Ok(None) => false,
        Err(_) => true,
    }
}
