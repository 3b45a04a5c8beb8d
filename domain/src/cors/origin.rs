//! Origins as browsers write them (RFC 6454, 6.2).

use crate::Invalid;

/// Origins that a workspace may allow.
pub const MAX_ORIGINS: usize = 50;
/// Longest origin, in bytes: a scheme, the longest name of a host, a port.
const MAX: usize = 280;

/// Checks what a workspace wants to allow; each comes back as browsers write it, and once.
///
/// # Errors
/// With the first field that is wrong.
pub fn check_origins(origins: &[String]) -> Result<Vec<String>, Invalid> {
    if origins.len() > MAX_ORIGINS {
        let remedy = format!("allow at most {MAX_ORIGINS}");
        return Err(Invalid::new("origins", "are too many", remedy));
    }
    let mut checked = Vec::with_capacity(origins.len());
    for (index, text) in origins.iter().enumerate() {
        let origin = read(text)
            .map_err(|(problem, remedy)| Invalid::new(format!("origins[{index}]"), problem, remedy))?;
        if !checked.contains(&origin) {
            checked.push(origin);
        }
    }
    Ok(checked)
}

/// One origin; what is wrong with it and what to do, otherwise.
fn read(text: &str) -> Result<String, (&'static str, &'static str)> {
    const LIKE: &str = "send scheme, host and port, like https://app.example.com";
    let origin = text.trim().to_ascii_lowercase();
    if origin.contains('*') {
        return Err(("is a pattern", "name every origin in full, like https://app.example.com"));
    }
    let (scheme, place) = origin.split_once("://").ok_or(("is no origin", LIKE))?;
    let (host, port) = split_port(place).ok_or(("is no origin", LIKE))?;
    if origin.len() > MAX || !is_host(host) {
        return Err(("is no origin", LIKE));
    }
    let default = match scheme {
        "https" => 443,
        "http" if is_local(host) => 80,
        "http" => return Err(("is not encrypted", "use https; http is for localhost only")),
        _ => return Err(("is no origin of a web page", LIKE)),
    };
    // browsers leave the port of the scheme out
    Ok(match port.filter(|port| *port != default) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

/// Host and port; none when what stands behind the colon is no port.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let colon = place.rfind(':').filter(|colon| !place[*colon..].contains(']'));
    match colon {
        None => Some((place, None)),
        Some(colon) => {
            let port = place[colon + 1..].parse().ok().filter(|port| *port != 0)?;
            Some((&place[..colon], Some(port)))
        }
    }
}

fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
    };
    host.len() <= 253 && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read() {
        for (text, origin) in [
            ("https://app.example.com", Some("https://app.example.com")),
            (" HTTPS://App.Example.com ", Some("https://app.example.com")),
            ("https://app.example.com:443", Some("https://app.example.com")),
            ("https://app.example.com:8443", Some("https://app.example.com:8443")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("http://[::1]:3000", Some("http://[::1]:3000")),
            ("http://app.localhost", Some("http://app.localhost")),
            ("https://[2001:db8::1]", Some("https://[2001:db8::1]")),
            ("http://app.example.com", None),
            ("http://localhost.example.com", None),
            ("*", None),
            ("https://*.example.com", None),
            ("https://app.example.com/", None),
            ("https://app.example.com/path", None),
            ("https://user@app.example.com", None),
            ("https://app.example.com:", None),
            ("https://app.example.com:0", None),
            ("https://app.example.com:99999", None),
            ("app.example.com", None),
            ("https://", None),
            ("null", None),
            ("file://", None),
            ("chrome-extension://abcdef", None),
            ("https://a\r\nb", None),
        ] {
            let read = check_origins(&[text.to_owned()]).ok();
            assert_eq!(read.as_ref().map(|origins| origins[0].as_str()), origin, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let texts = ["https://a.example", "https://A.example:443", "http://b.example"].map(str::to_owned);
        assert_eq!(check_origins(&texts[..2]).unwrap(), ["https://a.example"], "the same one twice");
        assert_eq!(check_origins(&texts).unwrap_err().field, "origins[2]");
        let many = vec!["https://a.example".to_owned(); MAX_ORIGINS + 1];
        assert_eq!(check_origins(&many).unwrap_err().field, "origins");
    }
}
