//! `POST /api/v1/keys`

use axum::{extract::State, response::Response};
use http::StatusCode;
use ulid::Ulid;
use wagate_domain::{
    ApiKeyId, Invalid,
    auth::{ApiKey, NewKey, Principal},
    ids::Id,
};

use super::{
    view::{KeyView, KeyWithSecret, example_with_secret},
    wish::KeyWish,
};
use crate::{
    ApiState,
    admission::{Changed, Grants},
    extract::{Answer, Caller, Fingerprint, JsonBody, Once},
    problem::Problem,
};

/// Make an API key
///
/// The secret is in this answer only; a repetition under the same Idempotency-Key shows the key without it. `name` is
/// needed.
#[utoipa::path(
    post, path = "/keys", tag = "keys",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day.")),
    request_body(content = KeyWish, example = json!({"name": "web shop", "scopes": ["messages:send"], "allowed_ips": ["203.0.113.0/24"]})),
    responses((
        status = 201, description = "Made. Keep the secret now.", body = KeyWithSecret,
        example = json!(example_with_secret()),
    )),
)]
pub(crate) async fn create_key(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    grants: Grants,
    once: Once,
    JsonBody { value, digest }: JsonBody<KeyWish>,
) -> Result<Response, Problem> {
    let wished = value.read(&state, caller.workspace).await?;
    let name =
        wished.name.ok_or_else(|| Invalid::new("name", "is missing", "say what people call the key"))?;
    let new = NewKey {
        name,
        scopes: wished.scopes.unwrap_or_else(|| grants.permissions()),
        sessions: wished.sessions.flatten(),
        addresses: wished.addresses.unwrap_or_default(),
        expires_at: wished.expires_at.flatten(),
    };
    grants.cover(new.scopes)?;
    once.run(&state, Fingerprint::of([digest.as_str()]), |seed| make(&state, caller, new, seed)).await
}

async fn make(
    state: &ApiState,
    caller: Principal,
    new: NewKey,
    seed: Option<Ulid>,
) -> Result<Answer, Problem> {
    let (mut key, secret) = ApiKey::generate(&state.env, caller.workspace, new);
    if let Some(seed) = seed {
        let id = ApiKeyId::from_ulid(seed);
        // an attempt that vanished may have left a key whose secret nobody has seen: it must not stay valid
        if !state.keys.revoke(caller.workspace, id, state.env.now()).await? {
            key.id = id;
        }
    }
    state.keys.insert(&key).await?;
    let (id, key) = (key.id, KeyView::from(key));
    let changed = Changed::made(id, &key);
    let shown = KeyWithSecret { key: key.clone(), secret: Some(secret.expose().to_owned()) };
    // a secret is not kept, not even for a day
    let answer = Answer::json(StatusCode::CREATED, &shown)?.keeping(&KeyWithSecret { key, secret: None })?;
    Ok(answer.noting(changed))
}
