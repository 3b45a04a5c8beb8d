//! One sealed value: version, id of the data key, nonce, ciphertext and tag.

use std::{fmt, str::FromStr};

use ulid::Ulid;
use wagate_domain::WorkspaceId;

use super::cipher::{Cipher, KEY, NONCE};

const VERSION: u8 = 1;
/// Bytes that say with which key a value is sealed: the version and the key's id.
pub(super) const HEADER: usize = 1 + 16;

/// Which data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DataKeyId(Ulid);

impl DataKeyId {
    /// A fresh one.
    pub(super) fn random() -> Self {
        Self(Ulid::from(rand::random::<u128>()))
    }

    /// The key that a value is sealed with.
    pub(crate) fn of(sealed: &[u8]) -> Result<Self, OpenError> {
        let (header, _) = sealed.split_first_chunk::<HEADER>().ok_or(OpenError::CutOff)?;
        match header {
            [VERSION, id @ ..] => Ok(Self(Ulid::from_bytes(*id))),
            [version, ..] => Err(OpenError::Version(*version)),
        }
    }

    /// What every value that is sealed with this key begins with.
    pub(super) fn header(self) -> [u8; HEADER] {
        let mut header = [VERSION; HEADER];
        header[1..].copy_from_slice(&self.0.to_bytes());
        header
    }
}

impl fmt::Display for DataKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DataKeyId {
    type Err = ulid::DecodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Where a value lies. In any other place it does not open.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    workspace: WorkspaceId,
    /// Its parts, each with its length before it: other parts are other bytes.
    parts: Vec<u8>,
}

impl Place {
    /// A column of a table; `row` is what tells the row from the others of the table.
    pub(crate) fn new<P: AsRef<[u8]>>(
        workspace: WorkspaceId,
        table: &str,
        column: &str,
        row: impl IntoIterator<Item = P>,
    ) -> Self {
        let mut parts = Vec::with_capacity(160);
        let mut add = |part: &[u8]| {
            parts.extend((part.len() as u64).to_be_bytes());
            parts.extend(part);
        };
        add(workspace.to_string().as_bytes());
        add(table.as_bytes());
        add(column.as_bytes());
        row.into_iter().for_each(|part| add(part.as_ref()));
        Self { workspace, parts }
    }

    /// Tenant.
    pub(crate) const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// What a value is bound to: how it is sealed, and where it lies.
    fn context(&self, header: [u8; HEADER]) -> Vec<u8> {
        [header.as_slice(), &self.parts].concat()
    }
}

/// Why a value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    /// Too short to be one.
    #[error("a sealed value is cut off")]
    CutOff,
    /// Written by a later version, or not sealed at all.
    #[error("a sealed value is of version {0}, which this program does not know")]
    Version(u8),
    /// Another key, another place, or changed.
    #[error("a sealed value does not open: it was changed, or belongs elsewhere")]
    Refused,
}

/// A key that a workspace's values are sealed with.
pub(crate) struct DataKey {
    id: DataKeyId,
    cipher: Cipher,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl DataKey {
    pub(super) fn new(id: DataKeyId, key: &[u8; KEY]) -> Self {
        Self { id, cipher: Cipher::new(key) }
    }

    /// Which one.
    pub(crate) const fn id(&self) -> DataKeyId {
        self.id
    }

    /// Whether a value is sealed with this key.
    pub(crate) fn has_sealed(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&self.id.header())
    }

    /// Seals a value for a place. An empty one hides nothing and stays empty.
    pub(crate) fn seal(&self, place: &Place, plain: &[u8]) -> Result<Vec<u8>, OpenError> {
        if plain.is_empty() {
            return Ok(Vec::new());
        }
        let header = self.id.header();
        let nonce: [u8; NONCE] = rand::random();
        let text = self.cipher.seal(&nonce, &place.context(header), plain).ok_or(OpenError::Refused)?;
        Ok([header.as_slice(), &nonce, &text].concat())
    }

    /// The value that was sealed for a place.
    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        if sealed.is_empty() {
            return Ok(Vec::new());
        }
        let (header, rest) = sealed.split_first_chunk::<HEADER>().ok_or(OpenError::CutOff)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(OpenError::CutOff)?;
        self.cipher.open(nonce, &place.context(*header), text).ok_or(OpenError::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G";
    const ROW: [&str; 2] = ["ses_1", "628:0"];

    fn place_of(workspace: &str, table: &str, column: &str, row: &[&str]) -> Place {
        Place::new(workspace.parse().unwrap(), table, column, row)
    }

    fn place() -> Place {
        place_of(OURS, "wa_sessions", "record", &ROW)
    }

    fn key(byte: u8) -> DataKey {
        DataKey::new(DataKeyId(Ulid::from(7)), &[byte; KEY])
    }

    #[test]
    fn opens_where_it_was_sealed_for() {
        let sealed = key(1).seal(&place(), b"ratchet").unwrap();
        assert_eq!(key(1).open(&place(), &sealed).unwrap(), b"ratchet");
        assert_eq!(DataKeyId::of(&sealed).unwrap(), key(1).id());
        assert!(sealed.starts_with(&key(1).id().header()));
        assert_ne!(sealed, key(1).seal(&place(), b"ratchet").unwrap(), "never twice the same");
        assert_eq!(key(1).seal(&place(), b"").unwrap(), b"", "nothing to hide");
        assert_eq!(key(1).open(&place(), b"").unwrap(), b"");
    }

    #[test]
    fn opens_nowhere_else() {
        let sealed = key(1).seal(&place(), b"ratchet").unwrap();
        let theirs = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7H";
        for (what, workspace, table, column, row) in [
            ("another workspace", theirs, "wa_sessions", "record", &ROW[..]),
            ("another table", OURS, "wa_identities", "record", &ROW),
            ("another column", OURS, "wa_sessions", "recor", &ROW),
            ("another row", OURS, "wa_sessions", "record", &["ses_1", "628:1"]),
            ("parts cut elsewhere", OURS, "wa_sessions", "record", &["ses_16", "28:0"]),
            ("a part less", OURS, "wa_sessions", "record", &["ses_1"]),
        ] {
            let place = place_of(workspace, table, column, row);
            assert_eq!(key(1).open(&place, &sealed), Err(OpenError::Refused), "{what}");
        }
        assert_eq!(key(2).open(&place(), &sealed), Err(OpenError::Refused), "another key");
    }

    #[test]
    fn nothing_of_it_can_be_changed() {
        let sealed = key(1).seal(&place(), b"ratchet").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key(1).open(&place(), &changed), Err(OpenError::Refused), "bit {at}");
            let error = key(1).open(&place(), &sealed[..at]);
            assert_eq!(error.is_err(), at > 0, "cut off at {at}");
        }
        assert_eq!(DataKeyId::of(&sealed[..HEADER - 1]), Err(OpenError::CutOff));
        assert_eq!(DataKeyId::of(&[2; 60]), Err(OpenError::Version(2)));
    }
}
