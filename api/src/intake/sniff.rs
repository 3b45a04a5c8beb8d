//! What a file really is, by its first bytes, against what somebody says it is.

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use wagate_domain::{Invalid, ports::ByteStream};

use crate::problem::Problem;

/// How much of a file is looked at: enough for every signature that is told apart here.
const HEAD: usize = 4096;
/// The type of a file of which nothing is known.
const UNKNOWN: &str = "application/octet-stream";

/// Who named a file's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Declared {
    /// The caller: a wrong type is an error to be told.
    ByCaller(String),
    /// The server the file was fetched from: often wrong, so corrected quietly.
    ByServer(String),
    /// Nobody.
    Nobody,
}

impl Declared {
    /// What the caller said, else what the server said.
    pub(crate) fn first(caller: Option<String>, server: Option<String>) -> Self {
        caller.map(Self::ByCaller).or(server.map(Self::ByServer)).unwrap_or(Self::Nobody)
    }

    /// The type that was named, or nothing.
    pub(crate) fn named(&self) -> &str {
        match self {
            Self::ByCaller(mime) | Self::ByServer(mime) => mime,
            Self::Nobody => "",
        }
    }
}

/// The type to store and the whole stream again. `field` is blamed when the type is wrong.
pub(crate) async fn settle_mime(
    declared: &Declared,
    mut bytes: ByteStream,
    field: &str,
) -> Result<(String, ByteStream), Problem> {
    let mut head = BytesMut::new();
    let mut broken = None;
    while head.len() < HEAD {
        match bytes.next().await {
            Some(Ok(chunk)) => head.extend_from_slice(&chunk),
            Some(Err(error)) => {
                broken = Some(error);
                break;
            }
            None => break,
        }
    }
    if broken.is_none() && head.is_empty() {
        return Err(Invalid::new(field, "is an empty file", "send the file's bytes").into());
    }
    let head: Bytes = head.freeze();
    // a stream that breaks here breaks again while it is stored, and is told there
    let mime = match broken {
        Some(_) => UNKNOWN.to_owned(),
        None => settle(declared, &head).map_err(|problem| {
            Invalid::new(field, problem, "declare the type the file has, or send a file of the declared type")
        })?,
    };
    let start = stream::iter([Ok(head)].into_iter().chain(broken.map(Err)));
    Ok((mime, start.chain(bytes).boxed()))
}

fn settle(declared: &Declared, head: &[u8]) -> Result<String, String> {
    let found = signature(head);
    let named = match declared {
        Declared::ByCaller(mime) | Declared::ByServer(mime) if essence(mime) != UNKNOWN => mime,
        _ => return Ok(found.unwrap_or(UNKNOWN).to_owned()),
    };
    if !contradicts(&essence(named), found) {
        return Ok(named.clone());
    }
    match declared {
        Declared::ByCaller(_) => {
            Err(format!("is declared as {} but is {}", essence(named), found.unwrap_or("something else")))
        }
        Declared::ByServer(_) | Declared::Nobody => Ok(found.unwrap_or(UNKNOWN).to_owned()),
    }
}

fn essence(mime: &str) -> String {
    mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn signature(head: &[u8]) -> Option<&'static str> {
    let known = infer::get(head).map(|kind| kind.mime_type());
    // ISO media files of brands that the list does not know, 3GP among them
    let iso = || match (head.get(4..8)?, head.get(8..11)?) {
        (b"ftyp", b"3gp") => Some("video/3gpp"),
        (b"ftyp", _) => Some("video/mp4"),
        _ => None,
    };
    known.or_else(iso)
}

/// Whether a file with this signature cannot be of the declared type.
fn contradicts(declared: &str, found: Option<&str>) -> bool {
    let class = |mime: &str| mime.split('/').next().unwrap_or_default().to_owned();
    match class(declared).as_str() {
        // these have signatures of their own, so one that is missing tells as much as a wrong one
        "image" if matches!(declared, "image/jpeg" | "image/png" | "image/webp" | "image/gif") => {
            found != Some(declared)
        }
        "video" if matches!(declared, "video/mp4" | "video/3gpp" | "video/quicktime" | "video/webm") => {
            found.is_none_or(|found| class(found) != "video")
        }
        "image" | "video" => found.is_some_and(|found| class(found) != class(declared)),
        // MP4 and WebM hold audio alone, too; raw audio often has no signature
        "audio" => found.is_some_and(|found| {
            class(found) != "audio"
                && !matches!(found, "video/mp4" | "video/x-m4v" | "video/3gpp" | "video/webm")
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
    const GP3: &[u8] = b"\0\0\0\x18ftyp3gp5\0\0\0\0";
    const OGG: &[u8] = b"OggS\0\x02000000000000";
    const WEBM: &[u8] = b"\x1a\x45\xdf\xa3\0\0\0\0";
    const TEXT: &[u8] = b"plain words";

    #[test]
    fn believes_the_file_before_the_label() {
        let caller = |mime: &str| Declared::ByCaller(mime.to_owned());
        let server = |mime: &str| Declared::ByServer(mime.to_owned());
        for (declared, head, settled) in [
            (caller("image/png"), PNG, Some("image/png")),
            (caller("image/png; foo=bar"), PNG, Some("image/png; foo=bar")),
            (caller("image/jpeg"), PNG, None),
            (caller("image/png"), TEXT, None),
            (caller("video/mp4"), TEXT, None),
            (caller("video/mp4"), PNG, None),
            (caller("video/3gpp"), GP3, Some("video/3gpp")),
            (caller("audio/webm"), WEBM, Some("audio/webm")),
            (caller("audio/ogg; codecs=opus"), OGG, Some("audio/ogg; codecs=opus")),
            (caller("audio/mpeg"), TEXT, Some("audio/mpeg")),
            (caller("audio/mpeg"), PNG, None),
            (caller("application/pdf"), TEXT, Some("application/pdf")),
            (caller("image/heic"), TEXT, Some("image/heic")),
            (caller("application/octet-stream"), PNG, Some("image/png")),
            (server("image/jpeg"), PNG, Some("image/png")),
            (server("image/jpeg"), TEXT, Some("application/octet-stream")),
            (server("image/jpeg"), JPEG, Some("image/jpeg")),
            (Declared::Nobody, JPEG, Some("image/jpeg")),
            (Declared::Nobody, TEXT, Some("application/octet-stream")),
        ] {
            assert_eq!(settle(&declared, head).ok().as_deref(), settled, "{declared:?} {head:?}");
        }
    }

    fn chunks(chunks: &[Result<&'static [u8], &str>]) -> ByteStream {
        let owned: Vec<Result<Bytes, String>> =
            chunks.iter().map(|chunk| chunk.map(Bytes::from_static).map_err(str::to_owned)).collect();
        stream::iter(owned).boxed()
    }

    #[tokio::test]
    async fn the_stream_comes_out_whole() {
        let parts = [Ok(&PNG[..3]), Ok(&PNG[3..]), Ok(&[7; HEAD]), Ok(b"end".as_slice())];
        let (mime, whole) = settle_mime(&Declared::Nobody, chunks(&parts), "file").await.ok().unwrap();
        let whole: Vec<Bytes> = whole.try_collect().await.unwrap();
        assert_eq!(mime, "image/png");
        assert_eq!(whole.concat(), [PNG, &[7; HEAD], b"end"].concat());
    }

    #[tokio::test]
    async fn a_stream_that_breaks_early_still_breaks_and_an_empty_one_is_refused() {
        let parts = [Ok(&PNG[..3]), Err("gone")];
        let (_, whole) = settle_mime(&Declared::Nobody, chunks(&parts), "file").await.ok().unwrap();
        assert_eq!(whole.try_collect::<Vec<_>>().await, Err("gone".to_owned()));
        assert!(settle_mime(&Declared::Nobody, chunks(&[]), "file").await.is_err());
    }
}
