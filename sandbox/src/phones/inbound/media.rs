//! Opening the file of a message as a stream: no more of it is in memory than a few blocks.

use std::io::{self, BufWriter, Read, Write};

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use wacore::download::{DownloadUtils, MediaType};

use super::super::Simulated;
use super::super::content::Media;
use crate::ports::{PortError, PortResult};

/// Bytes per piece of a stream.
const PIECE: usize = 64 * 1024;
/// Pieces that wait for a slow reader.
const AHEAD: usize = 4;

/// The opened file of a message.
pub struct OpenFile<S> {
    /// What the message says about it.
    pub media: Media,
    /// Its length in bytes.
    pub length: u64,
    /// Its bytes.
    pub body: S,
}

impl Simulated {
    /// Downloads and decrypts the file of a message. It is read twice: once to check it as a
    /// whole, then to hand it out.
    ///
    /// # Errors
    /// `NotFound` when the message or its file does not exist, `Refused` when the file does not
    /// match what the message says.
    pub async fn open_media(
        &self,
        pn: &str,
        id: &str,
    ) -> PortResult<OpenFile<impl Stream<Item = io::Result<Bytes>> + Send + use<>>> {
        let media = self.message(pn, id).await?.media;
        let media = media.ok_or_else(|| PortError::NotFound(format!("message {id} has no file")))?;
        if self.store.has_lost_media(pn, id).await? {
            return Err(PortError::NotFound(format!("the phone has deleted the file of message {id}")));
        }
        // files of channels are not encrypted
        let key = (!media.key.is_empty()).then(|| hex::decode(&media.key)).transpose();
        let key = key.map_err(anyhow::Error::from)?;
        let kind = media.kind.media_type();
        let network = self.network()?;

        let sealed = network.open_media(&media.direct_path).await?;
        let checked = {
            let key = key.clone();
            tokio::task::spawn_blocking(move || check(sealed, key.as_deref(), kind)).await
        };
        let (length, sha256) = checked.map_err(anyhow::Error::from)?.map_err(|error| {
            PortError::Refused(format!("the file of message {id} does not decrypt: {error}"))
        })?;
        if hex::encode(sha256) != media.sha256 {
            return Err(PortError::Refused(format!("the file of message {id} is not the one it names")));
        }

        let sealed = network.open_media(&media.direct_path).await?;
        let (outlet, mut pieces) = mpsc::channel(AHEAD);
        tokio::task::spawn_blocking(move || hand_out(sealed, key.as_deref(), kind, Outlet(outlet)));
        let body = futures::stream::poll_fn(move |context| pieces.poll_recv(context));
        Ok(OpenFile { media, length, body })
    }

    /// The file of a message, whole.
    ///
    /// # Errors
    /// As [`Simulated::open_media`].
    pub async fn media(&self, pn: &str, id: &str) -> PortResult<(Media, Bytes)> {
        let file = self.open_media(pn, id).await?;
        let pieces: Vec<Bytes> = file.body.try_collect().await.map_err(anyhow::Error::from)?;
        Ok((file.media, pieces.concat().into()))
    }
}

/// Length and hash of the plain file, when its MAC is right.
fn check(
    sealed: Box<dyn Read + Send>,
    key: Option<&[u8]>,
    kind: MediaType,
) -> anyhow::Result<(u64, [u8; 32])> {
    let mut hash = Hash(Sha256::new());
    let length = {
        let mut plain = BufWriter::with_capacity(PIECE, &mut hash);
        let length = unseal(sealed, key, kind, &mut plain)?;
        plain.flush()?;
        length
    };
    Ok((length, hash.0.finalize().into()))
}

/// Writes the plain file; returns its length.
fn unseal(
    mut sealed: Box<dyn Read + Send>,
    key: Option<&[u8]>,
    kind: MediaType,
    plain: &mut impl Write,
) -> anyhow::Result<u64> {
    match key {
        Some(key) => DownloadUtils::decrypt_stream_to_writer(sealed, key, kind, plain),
        None => Ok(io::copy(&mut sealed, plain)?),
    }
}

fn hand_out(sealed: Box<dyn Read + Send>, key: Option<&[u8]>, kind: MediaType, outlet: Outlet) {
    let mut plain = BufWriter::with_capacity(PIECE, outlet);
    let done = unseal(sealed, key, kind, &mut plain).and_then(|_| Ok(plain.flush()?));
    if let Err(error) = done {
        // the reader has gone, or the file has changed since it was checked
        let (outlet, _) = plain.into_parts();
        drop(outlet.0.blocking_send(Err(io::Error::other(error))));
    }
}

/// Hashes what is written.
struct Hash(Sha256);

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends what is written to a stream.
struct Outlet(mpsc::Sender<io::Result<Bytes>>);

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
