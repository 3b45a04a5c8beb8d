//! `POST /api/v1/keys/{id}/rotate`

use std::time::Duration;

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{ApiKeyId, Invalid};

use super::{
    get::find,
    view::{KeyView, KeyWithSecret, example_with_secret},
};
use crate::{
    ApiState,
    admission::{Changed, Grants},
    extract::{Answer, Caller, Fingerprint, IdPath, JsonBody, Once},
    problem::{Code, Problem},
};

/// How long the old secret works when nothing else is asked for: a day.
const OVERLAP: u64 = 24 * 60 * 60;
/// The longest it may work: thirty days.
const LONGEST: u64 = 30 * OVERLAP;

/// How a key gets its new secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateKey {
    /// For so many seconds the old secret works beside the new one, 0 to 2592000 (30 days); 86400 (a day) when left out.
    #[schema(minimum = 0, maximum = 2_592_000, default = 86_400)]
    overlap_seconds: Option<u64>,
}

/// Give an API key a new secret
///
/// Id, name, scopes and limits stay. The secret is in this answer only. A secret that was already in its overlap stops
/// working.
#[utoipa::path(
    post, path = "/keys/{id}/rotate", tag = "keys",
    params(
        ("id" = String, Path, description = "The key's id.", example = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day."),
    ),
    request_body(content = RotateKey, example = json!({"overlap_seconds": 3600})),
    responses(
        (status = 200, description = "Keep the secret now.", body = KeyWithSecret, example = json!(example_with_secret())),
        (status = 409, description = "`key_revoked`"),
    ),
)]
pub(crate) async fn rotate_key(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    grants: Grants,
    IdPath(id): IdPath<ApiKeyId>,
    once: Once,
    JsonBody { value, digest }: JsonBody<RotateKey>,
) -> Result<Response, Problem> {
    let overlap = value.overlap_seconds.unwrap_or(OVERLAP);
    if overlap > LONGEST {
        return Err(Invalid::new("overlap_seconds", "is too long", format!("use 0 to {LONGEST}")).into());
    }
    let before = find(&state, caller, id).await?;
    // whoever gets the secret gets what the key may do
    grants.cover(before.scopes)?;
    once.run(&state, Fingerprint::of([digest.as_str()]), |_| async {
        let mut key = before.clone();
        let secret = key.rotate(&state.env, state.env.now().plus(Duration::from_secs(overlap)));
        if !state.keys.update(&before, &key).await? {
            return Err(Problem::plain(Code::KeyRevoked));
        }
        let (old, key) = (KeyView::from(before), KeyView::from(key));
        let changed = Changed::changed(id, &old, &key);
        let shown = KeyWithSecret { key: key.clone(), secret: Some(secret.expose().to_owned()) };
        let answer = Answer::json(StatusCode::OK, &shown)?.keeping(&KeyWithSecret { key, secret: None })?;
        Ok(answer.noting(changed))
    })
    .await
}
