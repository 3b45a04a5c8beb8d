//! Reading the answers of scripts.

use fred::prelude::Value;
use serde::{Serialize, de::DeserializeOwned};
use wagate_domain::ports::{PortError, PortResult};

use super::call::garbled;

/// A whole number.
pub(super) fn number(value: &Value) -> PortResult<u64> {
    value.as_u64().ok_or_else(|| unexpected("a number", value))
}

/// A text.
pub(super) fn text(value: &Value) -> PortResult<String> {
    value.as_string().ok_or_else(|| unexpected("a text", value))
}

/// A list.
pub(super) fn list(value: Value) -> PortResult<Vec<Value>> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(unexpected("a list", &other)),
    }
}

/// A value in JSON.
pub(super) fn json<T: DeserializeOwned>(value: &Value) -> PortResult<T> {
    let bytes = value.as_bytes().ok_or_else(|| unexpected("JSON", value))?;
    serde_json::from_slice(bytes).map_err(garbled)
}

/// A value as JSON.
pub(super) fn to_json<T: Serialize>(value: &T) -> PortResult<String> {
    serde_json::to_string(value).map_err(garbled)
}

fn unexpected(wanted: &str, got: &Value) -> PortError {
    garbled(format!("expected {wanted}, got {}", got.kind()))
}
