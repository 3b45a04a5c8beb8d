//! From S3, encrypted, to WhatsApp's media hosts.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::mpsc;
use wacore::{
    download::MediaType,
    upload::{EncryptedMediaInfo, MediaEncryptor},
};
use wagate_domain::{
    messages::MediaKind,
    ports::{ByteStream, Objects, PortError},
};

use super::spool::{Spooled, nameless};
use crate::{
    convert::{Uploaded, media_type},
    wa::{Link, Trouble},
};

/// Chunks that wait between S3 and the cipher.
const CHUNKS_AHEAD: usize = 4;

/// Why a file was not uploaded.
#[derive(Debug)]
pub(crate) enum UploadTrouble {
    /// S3 has no such object.
    Missing,
    /// S3 or the local disk failed.
    Here(String),
    /// WhatsApp's side.
    There(Trouble),
}

impl From<PortError> for UploadTrouble {
    fn from(error: PortError) -> Self {
        Self::Here(error.to_string())
    }
}

/// Streams an object out of S3, encrypts it as it comes and uploads the result.
pub(crate) async fn upload(
    link: &Link,
    objects: &dyn Objects,
    key: &str,
    kind: MediaKind,
    temp_dir: &Path,
) -> Result<Uploaded, UploadTrouble> {
    let plain = objects.get(key).await?.ok_or(UploadTrouble::Missing)?;
    let (spooled, info) = encrypted(plain, media_type(kind), temp_dir).await.map_err(UploadTrouble::Here)?;
    let size = info.file_length;
    let done = link.upload(spooled, info, media_type(kind)).await.map_err(UploadTrouble::There)?;
    metrics::counter!("wagate_media_bytes_total", "direction" => "out").increment(size);
    Ok(done)
}

async fn encrypted(
    mut plain: ByteStream,
    kind: MediaType,
    temp_dir: &Path,
) -> Result<(Spooled, EncryptedMediaInfo), String> {
    let file = nameless(temp_dir).map_err(|error| error.to_string())?;
    let (chunks, receiver) = mpsc::channel(CHUNKS_AHEAD);
    let cipher = tokio::task::spawn_blocking(move || encrypt(receiver, kind, file));
    while let Some(chunk) = plain.next().await {
        // the cipher is gone only when it failed; its own error says more
        if chunks.send(chunk?).await.is_err() {
            break;
        }
    }
    drop(chunks);
    cipher.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

fn encrypt(
    mut chunks: mpsc::Receiver<Bytes>,
    kind: MediaType,
    file: File,
) -> anyhow::Result<(Spooled, EncryptedMediaInfo)> {
    let mut cipher = MediaEncryptor::new(kind)?;
    let mut out = BufWriter::new(file);
    while let Some(chunk) = chunks.blocking_recv() {
        cipher.update_to_writer(&chunk, &mut out)?;
    }
    let info = cipher.finalize_to_writer(&mut out)?;
    out.flush()?;
    let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    Ok((Spooled::new(file)?, info))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use wacore::{download::DownloadUtils, upload::UploadSource};

    use super::*;

    fn stream(parts: Vec<Result<Bytes, String>>) -> ByteStream {
        futures::stream::iter(parts).boxed()
    }

    #[tokio::test]
    async fn what_was_encrypted_chunk_by_chunk_opens_again() {
        let plain: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let parts = plain.chunks(7_777).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
        let (spooled, info) =
            encrypted(stream(parts), MediaType::Document, &std::env::temp_dir()).await.unwrap();
        assert_eq!(info.file_length, 200_000);

        let mut cipher_text = Vec::new();
        spooled.reader_from(0).unwrap().read_to_end(&mut cipher_text).unwrap();
        assert_eq!(cipher_text.len() as u64, spooled.len());
        let mut opened = std::io::Cursor::new(Vec::new());
        DownloadUtils::decrypt_stream_to_writer(
            cipher_text.as_slice(),
            &info.media_key,
            MediaType::Document,
            &mut opened,
        )
        .unwrap();
        assert_eq!(opened.into_inner(), plain);
    }

    #[tokio::test]
    async fn a_source_that_breaks_off_is_not_uploaded() {
        let parts = vec![Ok(Bytes::from_static(b"half")), Err("reset".to_owned())];
        let broken = encrypted(stream(parts), MediaType::Image, &std::env::temp_dir()).await.err();
        assert_eq!(broken.as_deref(), Some("reset"));
    }
}
