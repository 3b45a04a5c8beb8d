//! Which addresses mail goes to.

use crate::Invalid;

/// Longest address, in bytes (RFC 5321, 4.5.3.1.3).
const MAX: usize = 254;
/// Longest part before the @ (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// Checks an address that is to get mail: `name@example.com`, without a display name.
///
/// # Errors
/// With the field given, when no mail server of the internet could be asked for it.
pub fn check_address(field: &str, text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    let good = text.len() <= MAX
        && text.rsplit_once('@').is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
    if good {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(field, "is no e-mail address", "send one address, like ops@example.com"))
}

/// A dot-atom of RFC 5322, 3.2.3. Quoted names are allowed there, and used by nobody.
fn is_local(local: &str) -> bool {
    let atext = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&c);
    local.len() <= MAX_LOCAL && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(atext))
}

/// A name of two labels or more (RFC 1035, 2.3.1); others than ASCII ones are written in punycode.
fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_mail_servers_take() {
        let long = format!("{}@example.com", "x".repeat(65));
        for (text, good) in [
            ("ops@example.com", true),
            (" ops@example.com ", true),
            ("o'neil+wa.gate@mail.example.co.id", true),
            ("ops@xn--bcher-kva.example", true),
            ("", false),
            ("ops", false),
            ("@example.com", false),
            ("ops@", false),
            ("ops@localhost", false),
            ("ops@-example.com", false),
            ("ops@example..com", false),
            (".ops@example.com", false),
            ("a b@example.com", false),
            ("Ops <ops@example.com>", false),
            ("ops@example.com\r\nBcc: all@example.com", false),
            ("ops@example.com,all@example.com", false),
            ("ops@[127.0.0.1]", false),
            (&long, false),
        ] {
            assert_eq!(check_address("notify_email", text).is_ok(), good, "{text:?}");
        }
    }
}
