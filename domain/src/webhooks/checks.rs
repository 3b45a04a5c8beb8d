//! What a webhook may be made of.

use super::{SigningSecret, WebhookPorts};
use crate::{Env, Invalid, mail::EmailAddress, ports::FetchError};

/// Longest address, in bytes.
const MAX_URL: usize = 2_048;
/// Most headers of one webhook.
const MAX_HEADERS: usize = 20;
/// Longest header value, in bytes.
const MAX_VALUE: usize = 1_024;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 200;
/// Headers that are ours to set.
const RESERVED: [&str; 9] = [
    "host",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "user-agent",
];

pub(super) fn check_url(ports: WebhookPorts<'_>, url: &str) -> Result<(), Invalid> {
    let wrong = |problem: String, remedy: &str| Invalid::new("url", problem, remedy);
    if url.len() > MAX_URL {
        return Err(wrong("is too long".to_owned(), "use at most 2048 bytes"));
    }
    if !ports.rules.allow_http && url.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://")) {
        return Err(wrong("is not encrypted".to_owned(), "use an https address"));
    }
    ports.post.check(url).map_err(|error| match error {
        FetchError::Private => wrong(
            error.to_string(),
            "use an address that is reachable from the internet, or let your operator allow its network",
        ),
        other => wrong(other.to_string(), "use an absolute address, like https://example.com/wagate"),
    })
}

pub(super) fn check_headers(headers: Vec<(String, String)>) -> Result<Vec<(String, String)>, Invalid> {
    if headers.len() > MAX_HEADERS {
        return Err(Invalid::new("headers", "are too many", format!("send at most {MAX_HEADERS}")));
    }
    for (name, value) in &headers {
        let field = || format!("headers.{name}");
        let lower = name.to_ascii_lowercase();
        let token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
        if name.is_empty() || name.len() > 100 || !name.bytes().all(token) {
            return Err(Invalid::new(field(), "is no name of a header", "use letters, digits and dashes"));
        }
        if RESERVED.contains(&lower.as_str()) || lower.starts_with("webhook-") {
            return Err(Invalid::new(field(), "is set by us", "choose another name"));
        }
        if value.len() > MAX_VALUE || !value.bytes().all(|c| (b' '..=b'~').contains(&c)) {
            let remedy = "use at most 1024 printable ASCII characters";
            return Err(Invalid::new(field(), "has a value that cannot be sent", remedy));
        }
    }
    Ok(headers)
}

pub(super) fn check_description(text: &str) -> Result<Option<String>, Invalid> {
    if text.chars().count() > MAX_DESCRIPTION {
        let remedy = format!("use at most {MAX_DESCRIPTION} characters");
        return Err(Invalid::new("description", "is too long", remedy));
    }
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

pub(super) fn check_notified(address: &str) -> Result<String, Invalid> {
    EmailAddress::read("notify_email", address).map(|address| address.to_string())
}

pub(super) fn read_secret(env: &Env, given: Option<String>) -> Result<SigningSecret, Invalid> {
    let Some(given) = given else { return Ok(SigningSecret::generate(env)) };
    SigningSecret::read(&given).ok_or_else(|| {
        let remedy = "send whsec_ and the base64 of 24 to 64 random bytes, or leave it out";
        Invalid::new("secret", "is no secret of the Standard Webhooks specification", remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_break_a_request_are_refused() {
        let check =
            |name: &str, value: &str| check_headers(vec![(name.to_owned(), value.to_owned())]).is_ok();
        for (name, value, good) in [
            ("X-Tenant", "42", true),
            ("Authorization", "Bearer abc", true),
            ("Webhook-Id", "x", false),
            ("content-type", "text/plain", false),
            ("Host", "other.example", false),
            ("X Tenant", "42", false),
            ("", "42", false),
            ("X-Tenant", "a\r\nX-Evil: 1", false),
            ("X-Tenant", "é", false),
        ] {
            assert_eq!(check(name, value), good, "{name}: {value}");
        }
    }
}
