//! Mail addresses, in the one form in which they are compared.

use std::{fmt, str::FromStr};

use crate::Invalid;

/// Longest address a mail server takes (RFC 5321, erratum 1690).
const MAX: usize = 254;
/// Longest part before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// A mail address in small letters: `Ayu@Example.com` and `ayu@example.com` are one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// As it is stored and written to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EmailAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().to_ascii_lowercase();
        let wrong = || Invalid::new("address", "is no mail address", "use one such as ayu@example.com");
        let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
        let plain = |c: char| c.is_ascii_graphic() && !"\"(),:;<>[\\]@".contains(c);
        let dots = |part: &str| part.split('.').all(|label| !label.is_empty());
        let host = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let fits = text.len() <= MAX
            && local.len() <= MAX_LOCAL
            && local.chars().all(plain)
            && dots(local)
            && domain.chars().all(host)
            && dots(domain);
        if fits { Ok(Self(text)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_form() {
        for (written, read) in [
            (" Ayu@Example.COM ", Some("ayu@example.com")),
            ("a+b@mail.example.co.id", Some("a+b@mail.example.co.id")),
            ("root@localhost", Some("root@localhost")),
            ("o'neil@example.com", Some("o'neil@example.com")),
            ("ayu", None),
            ("@example.com", None),
            ("ayu@", None),
            ("a b@example.com", None),
            ("a@b@example.com", None),
            ("a..b@example.com", None),
            ("ayu@example..com", None),
            ("ayu@exa_mple.com", None),
            ("Ayu <ayu@example.com>", None),
            ("ayu@example.com\nBcc: x@y.z", None),
        ] {
            assert_eq!(
                written.parse::<EmailAddress>().ok().as_ref().map(EmailAddress::as_str),
                read,
                "{written}"
            );
        }
        assert!(format!("{}@example.com", "a".repeat(64)).parse::<EmailAddress>().is_ok());
        assert!(format!("{}@example.com", "a".repeat(65)).parse::<EmailAddress>().is_err());
    }
}
