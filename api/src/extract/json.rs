//! A JSON body: bounded, of the right type, without unknown fields, errors naming the field.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::{HeaderMap, header};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::invalid_from;
use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// How much of a body that is too large is read before the connection is given up.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// A parsed body of at most [`crate::ApiLimits::json_body`] bytes. No body at all counts as `{}`.
#[derive(Debug)]
pub(crate) struct JsonBody<T> {
    /// What it says.
    pub(crate) value: T,
    /// SHA-256 of its bytes, hex; part of an idempotency fingerprint.
    pub(crate) digest: String,
}

impl<T: DeserializeOwned> FromRequest<ApiState> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Self::read(&parts.headers, body, state.limits.json_body).await
    }
}

impl<T: DeserializeOwned> JsonBody<T> {
    /// Reads a body of at most `limit` bytes.
    pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Self, Problem> {
        let typed = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().is_ok_and(is_json));
        if typed == Some(false) {
            return Err(wrong_type());
        }
        let bytes = read_limited(body, limit).await?;
        if typed.is_none() && !bytes.is_empty() {
            return Err(wrong_type());
        }
        Ok(Self { value: parse(&bytes)?, digest: hex::encode(Sha256::digest(&bytes)) })
    }
}

fn wrong_type() -> Problem {
    Problem::new(Code::UnsupportedMediaType, "This route takes application/json")
        .remedy("set the header Content-Type: application/json")
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The whole body, if it has at most `limit` bytes. What is beyond is read and dropped, within bounds: a
/// caller that is still writing when the connection closes would never see the answer.
async fn read_limited(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let (mut held, mut seen) = (BytesMut::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Problem::plain(Code::UploadBrokenOff).because(error))?;
        seen = seen.saturating_add(chunk.len());
        if seen <= limit {
            held.extend_from_slice(&chunk);
        } else {
            held = BytesMut::new();
        }
        if seen > limit.saturating_add(MAX_DRAINED) {
            break;
        }
    }
    if seen > limit {
        return Err(Problem::new(Code::PayloadTooLarge, format!("The body has more than {limit} bytes")));
    }
    Ok(held.freeze())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { bytes };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        if error.inner().is_data() {
            invalid_from(error.path(), error.inner()).into()
        } else {
            malformed(error.inner())
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Code::MalformedJson, format!("The body is not valid JSON: {error}"))
}

/// Tells `null` from a field that is left out: `#[serde(default, deserialize_with = "given")]`.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Named {
        #[serde(default)]
        name: String,
    }

    async fn read(content_type: Option<&str>, body: &str) -> Result<Named, Code> {
        let mut headers = HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
        }
        let read = JsonBody::<Named>::read(&headers, Body::from(body.to_owned()), 64).await;
        read.map(|body| body.value).map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn takes_json_and_says_what_is_wrong_with_anything_else() {
        let json = Some("application/json; charset=utf-8");
        let named = |name: &str| Ok(Named { name: name.to_owned() });
        assert_eq!(read(json, r#"{"name":"a"}"#).await, named("a"));
        assert_eq!(read(Some("application/merge-patch+json"), "{}").await, named(""));
        assert_eq!(read(None, "").await, named(""));
        assert_eq!(read(json, " ").await, named(""));
        assert_eq!(read(None, "{}").await, Err(Code::UnsupportedMediaType));
        assert_eq!(read(Some("text/plain"), "{}").await, Err(Code::UnsupportedMediaType));
        assert_eq!(read(json, "{").await, Err(Code::MalformedJson));
        assert_eq!(read(json, "{} {}").await, Err(Code::MalformedJson));
        assert_eq!(read(json, r#"{"nick":1}"#).await, Err(Code::ValidationFailed));
        assert_eq!(
            read(json, &format!(r#"{{"name":"{}"}}"#, "x".repeat(99))).await,
            Err(Code::PayloadTooLarge)
        );
    }
}
