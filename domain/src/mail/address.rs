//! What a mail address is: where accounts, invitations and webhooks write to.

use std::{fmt, str::FromStr};

use crate::Invalid;

/// Longest address, in bytes (RFC 5321, 4.5.3.1.3, erratum 1690).
const MAX: usize = 254;
/// Longest part before the @ (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// A mail address, without a display name, in the one form in which addresses are compared: small letters, so that
/// `Ayu@Example.com` and `ayu@example.com` are one account.
///
/// Its host has two labels or more. A host of one label is a name of some machine's own network: whoever gets an account or
/// a mail there changes with the mail server, and a typo such as `ayu@gmail` would be believed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads an address; `field` is blamed.
    ///
    /// # Errors
    /// With the field, when no mail server of the internet could be asked for it.
    pub fn read(field: &str, text: &str) -> Result<Self, Invalid> {
        let text = text.trim().to_ascii_lowercase();
        let good = text.len() <= MAX
            && text.rsplit_once('@').is_some_and(|(local, host)| is_local(local) && is_host(host));
        if good {
            return Ok(Self(text));
        }
        Err(Invalid::new(field, "is no mail address", "send one, such as ayu@example.com"))
    }

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
        Self::read("address", text)
    }
}

/// A dot-atom of RFC 5322, 3.2.3. Quoted names are allowed there, and used by nobody.
fn is_local(local: &str) -> bool {
    let atext = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&c);
    local.len() <= MAX_LOCAL && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(atext))
}

/// A name of two labels or more (RFC 1035, 2.3.1); others than ASCII ones are written in punycode.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.contains('.') && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_what_mail_servers_take_and_have_one_form() {
        let fits = format!("{}@example.com", "x".repeat(64));
        let long = format!("{}@example.com", "x".repeat(65));
        for (written, read) in [
            ("ops@example.com", Some("ops@example.com")),
            (" Ayu@Example.COM ", Some("ayu@example.com")),
            ("o'neil+wa.gate@mail.example.co.id", Some("o'neil+wa.gate@mail.example.co.id")),
            ("ops@xn--bcher-kva.example", Some("ops@xn--bcher-kva.example")),
            (&*fits, Some(&*fits)),
            (&*long, None),
            ("", None),
            ("ops", None),
            ("@example.com", None),
            ("ops@", None),
            ("root@localhost", None),
            ("ops@-example.com", None),
            ("ops@example..com", None),
            ("ops@exa_mple.com", None),
            (".ops@example.com", None),
            ("a..b@example.com", None),
            ("a b@example.com", None),
            ("a@b@example.com", None),
            ("Ops <ops@example.com>", None),
            ("ops@example.com\r\nBcc: all@example.com", None),
            ("ops@example.com,all@example.com", None),
            ("ops@[127.0.0.1]", None),
        ] {
            let found = EmailAddress::read("notify_email", written);
            assert_eq!(found.as_ref().ok().map(EmailAddress::as_str), read, "{written:?}");
            assert!(found.err().is_none_or(|wrong| wrong.field == "notify_email"));
        }
    }
}
