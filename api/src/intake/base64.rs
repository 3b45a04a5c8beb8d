//! Files inside JSON: base64, plain or as a `data:` URL.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use wagate_domain::Invalid;

/// Standard alphabet; padding may be left out, as many encoders do.
const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes and, from a `data:` URL, the type.
pub(crate) fn decode(field: &str, text: &str) -> Result<(Option<String>, Bytes), Invalid> {
    let (mime, payload) = match text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((mime, payload)) => (Some(mime.to_owned()).filter(|mime| !mime.is_empty()), payload),
        None => (None, text),
    };
    let bytes = STANDARD.decode(payload.trim()).map_err(|error| {
        Invalid::new(
            field,
            format!("is not base64: {error}"),
            "send standard base64 without line breaks, or a data: URL",
        )
    })?;
    if bytes.is_empty() {
        return Err(Invalid::new(field, "is empty", "send the whole file"));
    }
    Ok((mime, bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn reads_plain_and_data_urls() {
        for (text, mime, bytes) in [
            ("aGk=", None, "hi"),
            ("aGk", None, "hi"),
            ("data:image/png;base64,aGk=", Some("image/png"), "hi"),
            ("data:;base64,aGk=", None, "hi"),
        ] {
            let (found, decoded) = decode("image.base64", text).unwrap();
            assert_eq!((found.as_deref(), &decoded[..]), (mime, bytes.as_bytes()), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_base64() {
        for text in ["", "%%%", "data:image/png,aGk", "aG k="] {
            assert_eq!(decode("image.base64", text).unwrap_err().field, "image.base64", "{text}");
        }
    }
}
