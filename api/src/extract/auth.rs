//! Who calls: an API key, looked up by its hash.

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use wagate_domain::auth::{Actor, Principal, hash_key};

use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// Longest key worth hashing.
const MAX_KEY: usize = 256;

/// The authenticated caller. Everything a handler does starts from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(pub(crate) Principal);

impl FromRequestParts<ApiState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        // extractors that need the caller too must not cost a second look-up
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(*known);
        }
        let secret = presented_key(&parts.headers)
            .ok_or_else(|| Problem::new(Code::Unauthenticated, "The request carries no API key"))?;
        let key =
            state.keys.find(&hash_key(secret)).await?.ok_or_else(|| {
                Problem::new(Code::Unauthenticated, "The API key is unknown or was revoked")
            })?;
        let caller = Self(Principal { workspace: key.workspace, actor: Actor::Key(key.id) });
        parts.extensions.insert(caller);
        Ok(caller)
    }
}

/// The key in `Authorization: Bearer` or, failing that, in `X-API-Key`.
fn presented_key(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)
    });
    let plain = || headers.get("x-api-key").and_then(|value| value.to_str().ok());
    bearer.or_else(plain).map(str::trim).filter(|key| !key.is_empty() && key.len() <= MAX_KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_key_in_either_header() {
        for (headers, expected) in [
            (vec![("authorization", "Bearer wg_1")], Some("wg_1")),
            (vec![("authorization", "bearer   wg_1 ")], Some("wg_1")),
            (vec![("x-api-key", "wg_2")], Some("wg_2")),
            (vec![("authorization", "Bearer wg_1"), ("x-api-key", "wg_2")], Some("wg_1")),
            (vec![("authorization", "Basic abc"), ("x-api-key", "wg_2")], Some("wg_2")),
            (vec![("authorization", "Basic abc")], None),
            (vec![("authorization", "Bearer ")], None),
            (vec![("authorization", "wg_1")], None),
            (vec![], None),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(presented_key(&map), expected, "{headers:?}");
        }
    }
}
