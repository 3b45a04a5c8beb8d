//! Recovery codes: for whoever has lost the authenticator. Each is good once.

use std::fmt;

use super::{TokenHash, TokenSecret};
use crate::Env;

/// How many there are.
pub const RECOVERY_CODES: usize = 10;
/// Crockford's alphabet: nothing in it is taken for something else.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a code, 5 bits each: too many to be guessed, even by who has the hashes.
const LENGTH: usize = 16;
/// Characters between two hyphens.
const GROUP: usize = 4;

/// One recovery code, shown once. Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A fresh set.
    #[must_use]
    pub fn generate_all(env: &Env) -> Vec<Self> {
        (0..RECOVERY_CODES).map(|_| Self::from_bits(env.random())).collect()
    }

    fn from_bits(bits: u128) -> Self {
        let letters: Vec<u8> = (0..LENGTH)
            .map(|at| ALPHABET[usize::try_from((bits >> (5 * at)) & 31).unwrap_or_default()])
            .collect();
        let groups: Vec<String> =
            letters.chunks(GROUP).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        Self(groups.join("-"))
    }

    /// The code itself, for showing once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenSecret::presented(self.0.replace('-', "")).hash()
    }
}

/// What is stored of a code that somebody typed, if it could be one: case, hyphens and blanks do not matter, and
/// letters count as the digits they look like.
pub(super) fn hash(typed: &str) -> Option<TokenHash> {
    let letters = typed.chars().filter(|c| *c != '-' && !c.is_whitespace());
    let folded: String = letters
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    let fits = folded.len() == LENGTH && folded.bytes().all(|byte| ALPHABET.contains(&byte));
    fits.then(|| TokenSecret::presented(folded).hash())
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<recovery code>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = RecoveryCode::from_bits(0x1234_5678_9abc_def0_1234);
        assert_eq!(code.expose().len(), LENGTH + 3);
        for typed in [
            code.expose().to_owned(),
            code.expose().replace('-', ""),
            code.expose().to_uppercase(),
            code.expose().replace('0', "O").replace('1', "l"),
            format!(" {} ", code.expose().replace('-', " ")),
        ] {
            assert_eq!(hash(&typed), Some(code.hash()), "{typed}");
        }
        for wrong in ["", "123456", "uuuu-uuuu-uuuu-uuuu", "0000-0000-0000-00000"] {
            assert_eq!(hash(wrong), None, "{wrong}");
        }
    }
}
