//! Query parameters of media URLs, read leniently.

use axum::http::Uri;

/// A parameter. Some clients append `?auth=…` to paths that have a query already, so a second
/// question mark separates too. Values are base64url or digits and never percent-encoded.
pub(super) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let mut pairs = uri.query()?.split(['&', '?']).filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_behind_any_separator() {
        let uri: Uri = "/v/x?ccb=1?auth=A&token=T".parse().expect("uri");
        assert_eq!(parameter(&uri, "ccb"), Some("1"));
        assert_eq!(parameter(&uri, "auth"), Some("A"));
        assert_eq!(parameter(&uri, "token"), Some("T"));
        assert_eq!(parameter(&uri, "hash"), None);
    }
}
