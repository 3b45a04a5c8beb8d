//! `GET /.well-known/jwks.json`

use axum::{Json, extract::State};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ApiState, problem::Problem};

/// How long the keys may be kept by whoever asked.
const CACHE: &str = "public, max-age=300";

/// The routes that other software looks for by name.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_jwks))
}

/// A JWK Set (RFC 7517).
#[derive(Serialize, ToSchema)]
pub(crate) struct JwkSet {
    /// The keys.
    keys: serde_json::Value,
}

/// Show the keys that sign access tokens
///
/// Public keys as a JWK Set, Ed25519 (RFC 8037). A token names its key in `kid`; on an unknown one ask again.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "account",
    responses((
        status = 200, description = "The keys.", body = JwkSet,
        example = json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
            "kid": "01JZZZ6E5R4Q3P2N1M0K9J8H7G", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        }]}),
    )),
)]
pub(crate) async fn get_jwks(
    State(state): State<ApiState>,
) -> Result<([(header::HeaderName, &'static str); 1], Json<JwkSet>), Problem> {
    let mut jwks = state.people.tokens.jwks().await?;
    Ok(([(header::CACHE_CONTROL, CACHE)], Json(JwkSet { keys: jwks["keys"].take() })))
}
