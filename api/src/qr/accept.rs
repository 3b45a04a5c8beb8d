//! Content negotiation of the QR code (RFC 9110, section 12.5.1).

use http::{HeaderMap, header};

use crate::problem::{Code, Problem};

/// The representations on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Png,
    Svg,
}

impl Kind {
    /// In the order of our preference.
    const ALL: [(Self, &'static str); 3] =
        [(Self::Json, "application/json"), (Self::Png, "image/png"), (Self::Svg, "image/svg+xml")];
}

/// The representation the caller likes best; ours where it does not care.
pub(crate) fn choose(headers: &HeaderMap) -> Result<Kind, Problem> {
    let accepted: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if accepted.is_empty() {
        return Ok(Kind::Json);
    }
    let ranges: Vec<(&str, u16)> = accepted.iter().flat_map(|value| value.split(',')).map(range).collect();
    let best = Kind::ALL
        .iter()
        .rev()
        .map(|(kind, mime)| (*kind, quality(&ranges, mime)))
        .filter(|(_, quality)| *quality > 0)
        // the last of equals wins, and the list was turned round
        .max_by_key(|(_, quality)| *quality);
    best.map(|(kind, _)| kind).ok_or_else(|| {
        Problem::new(
            Code::NotAcceptable,
            "The QR code is on offer as application/json, image/png and image/svg+xml",
        )
    })
}

/// A media range and its quality in thousandths.
fn range(text: &str) -> (&str, u16) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts
        .find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")))
        .map_or(1.0, |value| value.parse::<f32>().unwrap_or(0.0));
    // clamped to 0…1000, so that the cast is exact enough and cannot wrap
    (name, (quality.clamp(0.0, 1.0) * 1000.0) as u16)
}

/// The quality of a type: that of the most specific range that names it.
fn quality(ranges: &[(&str, u16)], mime: &str) -> u16 {
    let class = mime.split('/').next().unwrap_or_default();
    let any = format!("{class}/*");
    [mime, any.as_str(), "*/*"]
        .iter()
        .find_map(|wanted| ranges.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)))
        .map_or(0, |(_, quality)| *quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honours_qualities_and_ranges() {
        for (accept, expected) in [
            (None, Some(Kind::Json)),
            (Some("*/*"), Some(Kind::Json)),
            (Some("image/png"), Some(Kind::Png)),
            (Some("IMAGE/PNG"), Some(Kind::Png)),
            (Some("image/svg+xml"), Some(Kind::Svg)),
            (Some("image/*"), Some(Kind::Png)),
            (Some("image/png;q=0.5, image/svg+xml"), Some(Kind::Svg)),
            (Some("image/png;q=0, image/*"), Some(Kind::Svg)),
            (Some("application/json;q=0.2, image/*;q=0.1"), Some(Kind::Json)),
            (Some("text/html, image/avif, image/webp, */*;q=0.8"), Some(Kind::Json)),
            (Some("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"), Some(Kind::Png)),
            (Some("text/html"), None),
            (Some("application/json;q=0"), None),
            (Some("image/png;q=nonsense"), None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(choose(&headers).ok(), expected, "{accept:?}");
        }
    }
}
