//! Rows as SQL keeps them, and what they mean.
//!
//! PostgreSQL refuses NUL characters in text, so [`text`] replaces them in whatever other people wrote.

pub mod api_key;
pub mod audit;
pub mod chat;
pub mod chat_change;
pub mod contact;
pub mod cors_origin;
pub mod delivery;
pub mod export;
pub mod mail;
pub mod mark;
pub mod media;
pub mod message;
pub mod retention;
pub mod session;
pub mod told;
pub mod webhook;
pub mod workspace;

use std::{borrow::Cow, fmt::Display, str::FromStr};

use serde::{Serialize, de::DeserializeOwned};
use wagate_domain::ports::{PortError, PortResult};

use super::error::internal;

/// A stored value that no version of ours can have written.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the stored {what} {value:?}")]
struct Unreadable {
    what: &'static str,
    value: String,
}

pub(in crate::sql) fn unreadable(what: &'static str, value: &str) -> PortError {
    internal(Unreadable { what, value: value.chars().take(80).collect() })
}

/// Text that both databases take.
pub(in crate::sql) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

fn optional_text(value: Option<&str>) -> Option<String> {
    value.map(|value| text(value).into_owned())
}

/// Reads anything that is stored in its written form.
pub(in crate::sql) fn parse<T: FromStr>(what: &'static str, value: &str) -> PortResult<T> {
    value.parse().map_err(|_| unreadable(what, value))
}

pub(in crate::sql) fn parse_optional<T: FromStr>(
    what: &'static str,
    value: Option<&str>,
) -> PortResult<Option<T>> {
    value.map(|value| parse(what, value)).transpose()
}

fn written<T: Display>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

pub(in crate::sql) fn to_json<T: Serialize>(value: &T) -> PortResult<String> {
    serde_json::to_string(value).map_err(internal)
}

pub(in crate::sql) fn from_json<T: DeserializeOwned>(what: &'static str, value: &str) -> PortResult<T> {
    serde_json::from_str(value).map_err(|_| unreadable(what, value))
}

/// A counter of ours in SQL's signed form; larger ones do not occur.
pub(in crate::sql) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The counter behind SQL's signed form.
pub(in crate::sql) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
