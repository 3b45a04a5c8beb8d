//! Where WhatsApp keeps a media object and how it is opened.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use wacore::download::{Downloadable, MediaType};
use wagate_domain::messages::MediaKind;

/// What is needed to fetch and decrypt a media object; the JSON behind [`wagate_domain::media::Media::locator`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Locator {
    /// Which keys open it.
    kind: MediaKind,
    /// Path on any media host.
    direct_path: String,
    /// Key of the object.
    #[serde(with = "bytes64")]
    media_key: Vec<u8>,
    /// SHA-256 of the plain file.
    #[serde(with = "bytes64")]
    file_sha256: Vec<u8>,
    /// SHA-256 of the encrypted file.
    #[serde(with = "bytes64")]
    file_enc_sha256: Vec<u8>,
    /// Size of the plain file in bytes, as the sender says.
    file_length: u64,
}

impl Locator {
    /// From the fields of a media message; `None` when it does not say where the file is or how to open it.
    pub(crate) fn new(kind: MediaKind, fields: &Fields<'_>) -> Option<Self> {
        Some(Self {
            kind,
            direct_path: fields.direct_path?.to_owned(),
            media_key: fields.media_key?.to_vec(),
            file_sha256: fields.file_sha256.unwrap_or_default().to_vec(),
            file_enc_sha256: fields.file_enc_sha256?.to_vec(),
            file_length: fields.file_length.unwrap_or(0),
        })
    }

    /// How the object is shown.
    pub(crate) const fn kind(&self) -> MediaKind {
        self.kind
    }
}

/// The fields that all media messages share.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fields<'a> {
    pub(crate) direct_path: Option<&'a str>,
    pub(crate) media_key: Option<&'a [u8]>,
    pub(crate) file_sha256: Option<&'a [u8]>,
    pub(crate) file_enc_sha256: Option<&'a [u8]>,
    pub(crate) file_length: Option<u64>,
}

impl Downloadable for Locator {
    fn direct_path(&self) -> Option<&str> {
        Some(&self.direct_path)
    }

    fn media_key(&self) -> Option<&[u8]> {
        Some(&self.media_key)
    }

    fn file_enc_sha256(&self) -> Option<&[u8]> {
        Some(&self.file_enc_sha256)
    }

    fn file_sha256(&self) -> Option<&[u8]> {
        Some(&self.file_sha256)
    }

    fn file_length(&self) -> Option<u64> {
        Some(self.file_length)
    }

    fn app_info(&self) -> MediaType {
        super::kinds::media_type(self.kind)
    }
}

mod bytes64 {
    use super::{Engine, STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Fields<'static> {
        Fields {
            direct_path: Some("/v/one"),
            media_key: Some(&[1; 32]),
            file_sha256: Some(&[2; 32]),
            file_enc_sha256: Some(&[3; 32]),
            file_length: Some(7),
        }
    }

    #[test]
    fn survives_json() {
        let locator = Locator::new(MediaKind::Voice, &complete()).unwrap();
        let json = serde_json::to_value(&locator).unwrap();
        assert_eq!(json["kind"], "voice");
        assert_eq!(serde_json::from_value::<Locator>(json).unwrap(), locator);
        assert_eq!(locator.app_info(), MediaType::Audio);
    }

    #[test]
    fn needs_a_place_and_a_key() {
        for fields in [
            Fields { direct_path: None, ..complete() },
            Fields { media_key: None, ..complete() },
            Fields { file_enc_sha256: None, ..complete() },
        ] {
            assert_eq!(Locator::new(MediaKind::Image, &fields), None, "{fields:?}");
        }
    }
}
