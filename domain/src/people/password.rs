//! Passwords: what is taken for one, and that none shows itself.

use std::fmt;

use super::EmailAddress;
use crate::Invalid;

/// Shortest password, in characters.
const SHORTEST: usize = 10;
/// Longest password, in characters: hashing more costs time and adds nothing.
const LONGEST: usize = 200;
/// Longest name of a person, in characters.
const MAX_NAME: usize = 100;
/// Those of at least [`SHORTEST`] characters that are tried first by whoever guesses.
const WORST: &str = include_str!("worst_passwords.txt");

/// A password as it was typed. Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// One that somebody gives, right or wrong.
    #[must_use]
    pub fn given(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// One that somebody chooses.
    ///
    /// # Errors
    /// When it is too short, too long, the address, or among those that everybody tries; the field is named `field`.
    pub fn chosen(field: &str, text: impl Into<String>, address: &EmailAddress) -> Result<Self, Invalid> {
        let text = text.into();
        let length = text.chars().count();
        let remedy = format!("use {SHORTEST} to {LONGEST} characters; several unusual words are good");
        let wrong = |problem: &str| Err(Invalid::new(field, problem, remedy.clone()));
        if length < SHORTEST {
            return wrong("is too short");
        }
        if length > LONGEST {
            return wrong("is too long");
        }
        let small = text.to_lowercase();
        let local = address.as_str().split('@').next().unwrap_or_default();
        if small == address.as_str() || small == local {
            return wrong("is the address");
        }
        if WORST.lines().any(|worst| worst == small) || is_one_character(&small) {
            return wrong("is one of those that are tried first");
        }
        Ok(Self(text))
    }

    /// The password itself, for hashing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

fn is_one_character(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    characters.all(|other| Some(other) == first)
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<password>")
    }
}

/// What is stored of a password: a PHC string (`$argon2id$v=19$m=…`). Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a PHC string.
    #[must_use]
    pub fn new(phc: impl Into<String>) -> Self {
        Self(phc.into())
    }

    /// The PHC string, for storing and comparing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hash>")
    }
}

/// What a person is called, without blanks around it.
///
/// # Errors
/// When nothing is left of it, it is too long, or it has control characters, which do not belong into mails.
pub fn checked_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    let wrong =
        || Invalid::new("name", "is empty, too long or not plain", format!("use 1 to {MAX_NAME} characters"));
    if fits { Ok(name.to_owned()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_for_a_password() {
        let address: EmailAddress = "ayu.lestari@example.com".parse().unwrap();
        for (text, problem) in [
            ("correct horse battery", None),
            ("sandi rahasia ✓", None),
            ("123456789", Some("is too short")),
            ("Ayu.Lestari@example.com", Some("is the address")),
            ("ayu.lestari", Some("is the address")),
            ("1234567890", Some("is one of those that are tried first")),
            ("Password123", Some("is one of those that are tried first")),
            ("zzzzzzzzzzzz", Some("is one of those that are tried first")),
            (&"x".repeat(201), Some("is too long")),
        ] {
            let chosen = Password::chosen("password", text, &address);
            assert_eq!(chosen.err().map(|wrong| wrong.problem), problem.map(str::to_owned), "{text}");
        }
        let hidden = (Password::given("hunter2"), PasswordHash::new("$argon2id$x"));
        assert_eq!(format!("{hidden:?}"), "(<password>, <hash>)");
    }

    #[test]
    fn those_that_are_tried_first_could_be_chosen_otherwise() {
        for worst in WORST.lines() {
            assert!(worst.chars().count() >= SHORTEST && worst == worst.to_lowercase(), "{worst}");
        }
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(checked_name(" Ayu "), Ok("Ayu".to_owned()));
        for wrong in ["", " ", "a\nb", &"x".repeat(101)] {
            assert!(checked_name(wrong).is_err(), "{wrong:?}");
        }
    }
}
