//! The operator's keys: the first wraps data keys, all unwrap them.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use wagate_domain::WorkspaceId;

use super::{
    cipher::{Cipher, KEY, NONCE},
    envelope::{DataKey, DataKeyId},
};
use crate::config::Secret;

/// Longest id of a key.
const LONGEST_ID: usize = 32;

/// Keys by short id.
#[derive(Clone)]
pub struct Ring {
    first: RingKey,
    others: Vec<RingKey>,
}

#[derive(Clone)]
struct RingKey {
    id: String,
    cipher: Cipher,
}

/// Why a ring cannot be read, or a data key not be unwrapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// No key at all.
    #[error("holds no key")]
    Empty,
    /// A line that is no key; the count begins with 1. The line is a secret and is not shown.
    #[error("key {0} is not written as id:base64 of 32 bytes, the id of letters, digits, - and _")]
    Malformed(usize),
    /// Two keys under one id.
    #[error("holds two keys of the id {0}")]
    Twice(String),
    /// A data key was wrapped by a key that is not there.
    #[error("the key {0} is not in the ring")]
    Missing(String),
    /// The key of that id is not the one that wrapped a data key.
    #[error("the ring's key {0} is not the one of that id that data keys were wrapped with")]
    Wrong(String),
}

/// A data key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrapped {
    /// Id of the ring's key that opens it.
    pub(crate) ring_key: String,
    /// Nonce, ciphertext and tag.
    pub(crate) bytes: Vec<u8>,
}

/// A fresh key as a line of a ring: `id:base64`.
#[must_use]
pub fn new_key() -> Secret<String> {
    let key: [u8; KEY] = rand::random();
    Secret::new(format!("k{:08x}:{}", rand::random::<u32>(), STANDARD.encode(key)))
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys().map(|key| &key.id)).finish()
    }
}

impl Ring {
    /// Reads keys written as `id:base64`, the first one first.
    ///
    /// # Errors
    /// [`RingError::Empty`], [`RingError::Malformed`] or [`RingError::Twice`].
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, RingError> {
        let mut keys: Vec<RingKey> = Vec::new();
        for (at, line) in lines.into_iter().enumerate() {
            let key = RingKey::read(line.trim()).ok_or(RingError::Malformed(at + 1))?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(RingError::Twice(key.id));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(RingError::Empty)?;
        Ok(Self { first, others: keys.collect() })
    }

    /// Id of the key that wraps.
    pub(crate) fn first(&self) -> &str {
        &self.first.id
    }

    fn keys(&self) -> impl Iterator<Item = &RingKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Makes a data key.
    pub(crate) fn make(&self, workspace: WorkspaceId) -> (DataKeyId, Wrapped) {
        let id = DataKeyId::random();
        (id, self.wrap(workspace, id, &rand::random()))
    }

    /// The data key that was wrapped for a workspace.
    pub(crate) fn unwrap(
        &self,
        workspace: WorkspaceId,
        id: DataKeyId,
        wrapped: &Wrapped,
    ) -> Result<DataKey, RingError> {
        Ok(DataKey::new(id, &self.bare(workspace, id, wrapped)?))
    }

    /// The same data key, wrapped by the first key.
    pub(crate) fn rewrap(
        &self,
        workspace: WorkspaceId,
        id: DataKeyId,
        wrapped: &Wrapped,
    ) -> Result<Wrapped, RingError> {
        Ok(self.wrap(workspace, id, &self.bare(workspace, id, wrapped)?))
    }

    /// Seals what belongs to no workspace, for one place: the id of the first key, a colon, and nonce, ciphertext and tag
    /// in base64. There is little of it, so it has no data key of its own.
    pub(crate) fn seal(&self, place: &str, plain: &str) -> String {
        let nonce: [u8; NONCE] = rand::random();
        let text = self.first.cipher.seal(&nonce, &value(place, &self.first.id), plain.as_bytes());
        let bytes = [nonce.as_slice(), &text.expect("a value is shorter than 64 GiB")].concat();
        format!("{}:{}", self.first.id, STANDARD.encode(bytes))
    }

    /// What was sealed for a place.
    pub(crate) fn open(&self, place: &str, sealed: &str) -> Result<String, RingError> {
        let (id, text) = sealed.split_once(':').unwrap_or_default();
        let known = self.keys().find(|key| key.id == id).ok_or_else(|| RingError::Missing(id.to_owned()))?;
        let bytes = STANDARD.decode(text).unwrap_or_default();
        let opened = bytes
            .split_first_chunk::<NONCE>()
            .and_then(|(nonce, text)| known.cipher.open(nonce, &value(place, id), text));
        opened.and_then(|plain| String::from_utf8(plain).ok()).ok_or_else(|| RingError::Wrong(id.to_owned()))
    }

    fn wrap(&self, workspace: WorkspaceId, id: DataKeyId, key: &[u8; KEY]) -> Wrapped {
        let nonce: [u8; NONCE] = rand::random();
        let text = self.first.cipher.seal(&nonce, &context(workspace, id, &self.first.id), key);
        let bytes = [nonce.as_slice(), &text.expect("a key is shorter than 64 GiB")].concat();
        Wrapped { ring_key: self.first.id.clone(), bytes }
    }

    fn bare(&self, workspace: WorkspaceId, id: DataKeyId, wrapped: &Wrapped) -> Result<[u8; KEY], RingError> {
        let known = self.keys().find(|key| key.id == wrapped.ring_key);
        let known = known.ok_or_else(|| RingError::Missing(wrapped.ring_key.clone()))?;
        let opened = wrapped
            .bytes
            .split_first_chunk::<NONCE>()
            .and_then(|(nonce, text)| known.cipher.open(nonce, &context(workspace, id, &known.id), text));
        opened.and_then(|key| key.try_into().ok()).ok_or_else(|| RingError::Wrong(known.id.clone()))
    }
}

impl RingKey {
    fn read(line: &str) -> Option<Self> {
        let (id, key) = line.split_once(':')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || id.len() > LONGEST_ID || !id.chars().all(plain) {
            return None;
        }
        let key: [u8; KEY] = STANDARD.decode(key).ok()?.try_into().ok()?;
        Some(Self { id: id.to_owned(), cipher: Cipher::new(&key) })
    }
}

/// A wrapped key is the key of one workspace under one id; the ids of ours have one length each.
fn context(workspace: WorkspaceId, id: DataKeyId, ring_key: &str) -> Vec<u8> {
    format!("data key {workspace} {id} {ring_key}").into_bytes()
}

/// What a value that belongs to no workspace is bound to.
fn value(place: &str, ring_key: &str) -> Vec<u8> {
    format!("value {ring_key} {place}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const OTHER_A: &str = "a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for (lines, error) in [
            (vec![], RingError::Empty),
            (vec!["hunter2"], RingError::Malformed(1)),
            (vec![A, "b:AAAA"], RingError::Malformed(2)),
            (vec!["b b:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="], RingError::Malformed(1)),
            (vec![":AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="], RingError::Malformed(1)),
            (vec![A, OTHER_A], RingError::Twice("a".to_owned())),
        ] {
            assert_eq!(Ring::read(lines).unwrap_err(), error);
        }
        let made = new_key();
        assert!(Ring::read([made.expose().as_str()]).is_ok());
        assert_eq!(format!("{:?}", Ring::read([B, A]).unwrap()), r#"["b", "a"]"#);
    }

    #[test]
    fn what_belongs_to_no_workspace_opens_in_its_place() {
        let ring = |lines: &[&'static str]| Ring::read(lines.iter().copied()).unwrap();
        let sealed = ring(&[A]).seal("signing_keys private kid", "seed");
        assert!(sealed.starts_with("a:") && !sealed.contains("seed"));
        assert_eq!(ring(&[B, A]).open("signing_keys private kid", &sealed).as_deref(), Ok("seed"));
        let refused = |lines, place, sealed: &str| ring(lines).open(place, sealed).unwrap_err();
        let place = "signing_keys private kid";
        assert_eq!(refused(&[A], "signing_keys private dik", &sealed), RingError::Wrong("a".to_owned()));
        assert_eq!(refused(&[B], place, &sealed), RingError::Missing("a".to_owned()));
        assert_eq!(refused(&[OTHER_A], place, &sealed), RingError::Wrong("a".to_owned()));
        for cut in [&sealed[..sealed.len() - 4], "a:", "a", ""] {
            ring(&[A]).open(place, cut).unwrap_err();
        }
    }

    #[test]
    fn a_data_key_opens_with_the_key_that_wrapped_it() {
        let workspace = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G".parse().unwrap();
        let ring = |lines: &[&'static str]| Ring::read(lines.iter().copied()).unwrap();
        let (id, wrapped) = ring(&[A]).make(workspace);
        let bare = ring(&[A]).bare(workspace, id, &wrapped).unwrap();
        assert_eq!(ring(&[B, A]).bare(workspace, id, &wrapped).unwrap(), bare, "wherever it stands");
        let refused = |lines: &[&'static str]| ring(lines).unwrap(workspace, id, &wrapped).unwrap_err();
        assert_eq!(refused(&[B]), RingError::Missing("a".to_owned()));
        assert_eq!(refused(&[OTHER_A]), RingError::Wrong("a".to_owned()));
        let other = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7H".parse().unwrap();
        assert!(ring(&[A]).unwrap(other, id, &wrapped).is_err(), "another tenant's");

        let again = ring(&[B, A]).rewrap(workspace, id, &wrapped).unwrap();
        assert_eq!(
            ring(&[B]).bare(workspace, id, &again).unwrap(),
            bare,
            "the old one is not needed any more"
        );
    }
}
