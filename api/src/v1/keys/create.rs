//! `POST /api/v1/keys`

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;
use wagate_domain::{
    ApiKeyId, Invalid,
    auth::{ApiKey, Principal},
    ids::Id,
};

use super::view::KeyView;
use crate::{
    ApiState,
    extract::{Answer, Caller, Fingerprint, JsonBody, Once},
    problem::Problem,
};

/// Longest name of a key, in characters.
const MAX_NAME: usize = 100;

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateKey {
    /// What people call it, 1 to 100 characters.
    #[schema(example = "web shop")]
    name: String,
}

/// A new key with its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeyWithSecret)]
pub(crate) struct KeyWithSecret {
    #[serde(flatten)]
    key: KeyView,
    /// The secret to authenticate with. Shown once: it is stored hashed. `null` when this answer is a repetition.
    #[schema(example = "wg_3f9a1c7d2b8e4f60a1b2c3d4e5f60718")]
    secret: Option<String>,
}

/// Make an API key
///
/// The secret is in this answer only; a repetition under the same Idempotency-Key shows the key without it.
#[utoipa::path(
    post, path = "/keys", tag = "keys",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day.")),
    request_body(content = CreateKey, example = json!({"name": "web shop"})),
    responses((
        status = 201, description = "Made. Keep the secret now.", body = KeyWithSecret,
        example = json!({
            "id": "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
            "name": "web shop",
            "prefix": "wg_3f9a1c",
            "created_at": "2026-01-01T00:00:00.000Z",
            "revoked_at": null,
            "secret": "wg_3f9a1c7d2b8e4f60a1b2c3d4e5f60718"
        }),
    )),
)]
pub(crate) async fn create_key(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    once: Once,
    JsonBody { value, digest }: JsonBody<CreateKey>,
) -> Result<Response, Problem> {
    let name = checked_name(&value.name)?;
    once.run(&state, Fingerprint::of([digest.as_str()]), |seed| make(&state, caller, name, seed)).await
}

fn checked_name(name: &str) -> Result<&str, Invalid> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME;
    let wrong = || Invalid::new("name", "is empty or too long", format!("use 1 to {MAX_NAME} characters"));
    if fits { Ok(name) } else { Err(wrong()) }
}

async fn make(
    state: &ApiState,
    caller: Principal,
    name: &str,
    seed: Option<Ulid>,
) -> Result<Answer, Problem> {
    let (mut key, secret) = ApiKey::generate(&state.env, caller.workspace, name);
    if let Some(seed) = seed {
        let id = ApiKeyId::from_ulid(seed);
        // an attempt that vanished may have left a key whose secret nobody has seen: it must not stay valid
        if !state.keys.revoke(caller.workspace, id, state.env.now()).await? {
            key.id = id;
        }
    }
    state.keys.insert(&key).await?;
    let key = KeyView::from(key);
    let shown = KeyWithSecret { key: key.clone(), secret: Some(secret.expose().to_owned()) };
    // a secret is not kept, not even for a day
    Answer::json(StatusCode::CREATED, &shown)?.keeping(&KeyWithSecret { key, secret: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(checked_name(" web shop "), Ok("web shop"));
        assert!(checked_name("  ").is_err());
        assert!(checked_name(&"x".repeat(MAX_NAME)).is_ok());
        assert!(checked_name(&"x".repeat(MAX_NAME + 1)).is_err());
    }
}
