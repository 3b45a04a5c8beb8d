//! The proxy that a session reaches WhatsApp by.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Invalid,
    ports::{FetchError, Post},
};

/// Code of the reason of a session whose proxy does not do its part.
pub const PROXY_FAILED: &str = "proxy_failed";

const FIELD: &str = "proxy.url";
/// Longest address, in bytes.
const MAX_URL: usize = 1_024;
/// Longest user or password, in bytes (RFC 1929).
const MAX_CREDENTIAL: usize = 255;

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyKind {
    /// HTTP CONNECT (RFC 9110); it resolves names.
    Http,
    /// SOCKS5 (RFC 1928); names are resolved by us.
    Socks5,
    /// SOCKS5; it resolves names.
    Socks5h,
}

impl ProxyKind {
    const ALL: [Self; 3] = [Self::Http, Self::Socks5, Self::Socks5h];

    /// The scheme of its address.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    const fn usual_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Socks5 | Self::Socks5h => 1080,
        }
    }
}

/// A proxy. Its credentials are never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    /// How it is spoken to.
    pub kind: ProxyKind,
    /// A name or an address; one of IPv6 without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    credentials: Option<(String, String)>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.url())
    }
}

impl Proxy {
    /// Reads `scheme://[user[:password]@]host[:port]`; `guard` knows which addresses may be connected to.
    ///
    /// # Errors
    /// [`Invalid`], naming `proxy.url` and never showing it.
    pub fn read(guard: &dyn Post, url: &str) -> Result<Self, Invalid> {
        let proxy = Self::parse(url)?;
        // what the guard knows is where an address leads, whatever is spoken there
        guard.check(&format!("http://{}", proxy.authority())).map_err(|error| match error {
            FetchError::Private => wrong(
                &error.to_string(),
                "use a proxy that is reachable from the internet, or let your operator allow its network",
            ),
            other => wrong(&other.to_string(), "use a host and port, like socks5://proxy.example.com:1080"),
        })?;
        Ok(proxy)
    }

    fn parse(url: &str) -> Result<Self, Invalid> {
        if url.len() > MAX_URL {
            return Err(wrong("is too long", "use at most 1024 bytes"));
        }
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let kind = ProxyKind::ALL.into_iter().find(|kind| kind.scheme().eq_ignore_ascii_case(scheme));
        let kind = kind.ok_or_else(|| {
            wrong("has no scheme that is supported", "begin it with http://, socks5:// or socks5h://")
        })?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) || !rest.is_ascii() {
            return Err(wrong(
                "holds more than an authority",
                "end it after host and port; write other letters as %XX",
            ));
        }
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (Some(read_credentials(credentials)?), place),
            None => (None, rest),
        };
        let (host, port) = read_place(place, kind).ok_or_else(|| {
            wrong("names no host and port", "write it like socks5://user:password@proxy.example.com:1080")
        })?;
        Ok(Self { kind, host, port, credentials })
    }

    /// Its address without credentials.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.kind.scheme(), self.authority())
    }

    /// User and password.
    #[must_use]
    pub const fn credentials(&self) -> Option<&(String, String)> {
        self.credentials.as_ref()
    }

    fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

fn wrong(problem: &str, remedy: &str) -> Invalid {
    Invalid::new(FIELD, problem, remedy)
}

fn read_credentials(text: &str) -> Result<(String, String), Invalid> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let unreadable = || {
        wrong("has credentials that cannot be read", "write special characters of user and password as %XX")
    };
    let (user, password) = (decoded(user).ok_or_else(unreadable)?, decoded(password).ok_or_else(unreadable)?);
    if user.is_empty() || user.contains(':') {
        return Err(wrong(
            "has a user that is empty or holds a colon",
            "write it like socks5://user:password@host:1080",
        ));
    }
    if user.len() > MAX_CREDENTIAL || password.len() > MAX_CREDENTIAL {
        return Err(wrong("has too long credentials", "use at most 255 bytes for each of user and password"));
    }
    Ok((user, password))
}

/// Percent-decoding (RFC 3986); no control characters.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(rest.next()?)? << 4 | digit(rest.next()?)?
            }
            byte => byte,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains(char::is_control))
}

fn read_place(place: &str, kind: ProxyKind) -> Option<(String, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("")))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, Some("")),
        },
    };
    let port = match port? {
        "" => kind.usual_port(),
        port => port.parse().ok().filter(|port| *port > 0)?,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    (!host.is_empty() && host.len() <= MAX_CREDENTIAL && host.chars().all(plain))
        .then(|| (host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_read_and_show_themselves_without_credentials() {
        for (url, shown, credentials) in [
            (
                "socks5://user:pass@proxy.example.com:1081",
                "socks5://proxy.example.com:1081",
                Some(("user", "pass")),
            ),
            ("SOCKS5H://proxy.example.com/", "socks5h://proxy.example.com:1080", None),
            ("http://us%40er:p%3Aa%2Fss@1.2.3.4:3128", "http://1.2.3.4:3128", Some(("us@er", "p:a/ss"))),
            ("http://only-user@Proxy:80", "http://proxy:80", Some(("only-user", ""))),
            ("socks5://[2a00:1450::1]", "socks5://[2a00:1450::1]:1080", None),
            ("socks5://[2a00:1450::1]:9", "socks5://[2a00:1450::1]:9", None),
        ] {
            let proxy = Proxy::parse(url).unwrap();
            assert_eq!(proxy.url(), shown);
            let read = proxy.credentials().map(|(user, password)| (user.as_str(), password.as_str()));
            assert_eq!(read, credentials, "{url}");
            assert!(!format!("{proxy:?}").contains("pass"), "{proxy:?}");
            let kept = serde_json::to_string(&proxy).unwrap();
            assert_eq!(serde_json::from_str::<Proxy>(&kept).unwrap(), proxy);
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_being_shown() {
        for url in [
            "",
            "proxy.example.com:1080",
            "ftp://secret@proxy.example.com",
            "https://secret@proxy.example.com",
            "socks4://secret@proxy.example.com",
            "socks5://",
            "socks5://user:secret@",
            "socks5://:secret@proxy.example.com",
            "socks5://user:secret%4@proxy.example.com",
            "socks5://user:secret%00@proxy.example.com",
            "socks5://user:secret@proxy.example.com:0",
            "socks5://user:secret@proxy.example.com:66000",
            "socks5://user:secret@proxy.example.com/path",
            "socks5://user:secret@proxy example.com",
            "socks5://user:secret@[proxy]:1",
            &format!("socks5://{}:secret@proxy.example.com", "u".repeat(256)),
            &format!("socks5://{}:secret@proxy.example.com", "u".repeat(1024)),
        ] {
            let error = Proxy::parse(url).unwrap_err();
            assert_eq!(error.field, "proxy.url", "{url}");
            assert!(!format!("{error} {}", error.remedy).contains("secret"), "{error}");
        }
    }
}
