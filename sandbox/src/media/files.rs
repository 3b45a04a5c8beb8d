//! Files on disk: parts while they arrive, then named by their token.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};

/// Length of base64url of 32 bytes without padding.
const TOKEN_LENGTH: usize = 43;

/// The media folder.
pub(super) struct Files {
    root: PathBuf,
    parts: PathBuf,
}

/// A file that is being written.
pub(super) struct Part {
    token: String,
    path: PathBuf,
    file: File,
    hash: Sha256,
    size: u64,
}

/// Token of an encrypted file.
pub(super) fn token_of(body: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(body))
}

/// The token that ends a path; `None` when what stands there cannot be one.
pub(super) fn token_in(path: &str) -> Option<&str> {
    let path = path.split(['?', '#']).next()?;
    let token = path.rsplit('/').next()?.trim_end_matches('=');
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (token.len() == TOKEN_LENGTH && token.bytes().all(legal)).then_some(token)
}

impl Files {
    /// Makes the folders; parts of an earlier run are dropped.
    pub(super) async fn open(root: &Path) -> Result<Self> {
        let parts = root.join("parts");
        if fs::try_exists(&parts).await? {
            fs::remove_dir_all(&parts).await?;
        }
        fs::create_dir_all(&parts).await.with_context(|| format!("create {}", parts.display()))?;
        Ok(Self { root: root.to_owned(), parts })
    }

    /// Path of a stored file.
    pub(super) fn path(&self, token: &str) -> PathBuf {
        self.root.join(token.get(..2).unwrap_or("__")).join(token)
    }

    fn interrupted(&self, token: &str) -> PathBuf {
        self.parts.join(format!("{token}.part"))
    }

    /// Bytes kept of an interrupted upload.
    pub(super) async fn kept(&self, token: &str) -> Option<u64> {
        fs::metadata(self.interrupted(token)).await.ok().map(|metadata| metadata.len())
    }

    /// Starts a file.
    pub(super) async fn begin(&self, token: &str) -> Result<Part> {
        let path = self.unique(token);
        let file = File::create_new(&path).await?;
        Ok(Part { token: token.to_owned(), path, file, hash: Sha256::new(), size: 0 })
    }

    /// Continues an interrupted upload at `offset`; `None` when there is no such state.
    pub(super) async fn resume(&self, token: &str, offset: u64) -> Result<Option<Part>> {
        let path = self.unique(token);
        // The rename makes this upload the only one that continues it.
        if fs::rename(self.interrupted(token), &path).await.is_err() {
            return Ok(None);
        }
        let mut file = File::options().read(true).write(true).open(&path).await?;
        let mut part = Part {
            token: token.to_owned(),
            path,
            file: file.try_clone().await?,
            hash: Sha256::new(),
            size: 0,
        };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = file.read(&mut buffer).await?;
            if count == 0 {
                break;
            }
            part.hash.update(buffer.get(..count).unwrap_or_default());
            part.size += u64::try_from(count)?;
        }
        if part.size == offset {
            return Ok(Some(part));
        }
        self.interrupt(part).await;
        Ok(None)
    }

    /// Keeps what has arrived of an upload that broke off.
    pub(super) async fn interrupt(&self, mut part: Part) {
        let kept = async {
            part.file.flush().await?;
            fs::rename(&part.path, self.interrupted(&part.token)).await
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "part of an upload is lost");
        }
    }

    /// Drops a part.
    pub(super) async fn discard(&self, part: Part) {
        if let Err(error) = fs::remove_file(&part.path).await {
            tracing::warn!(%error, "part of an upload cannot be removed");
        }
    }

    /// Puts a complete file in its place and returns token and size; drops it and returns
    /// `None` when its hash is not its token.
    pub(super) async fn finish(&self, mut part: Part) -> Result<Option<(String, u64)>> {
        part.file.flush().await?;
        if URL_SAFE_NO_PAD.encode(part.hash.clone().finalize()) != part.token {
            self.discard(part).await;
            return Ok(None);
        }
        let place = self.path(&part.token);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).await?;
        }
        fs::rename(&part.path, &place).await?;
        Ok(Some((part.token, part.size)))
    }

    /// Makes the first byte of a stored file wrong.
    pub(super) async fn garble(&self, token: &str) -> Result<()> {
        let mut file = File::options().read(true).write(true).open(self.path(token)).await?;
        let byte = file.read_u8().await? ^ 1;
        file.seek(SeekFrom::Start(0)).await?;
        file.write_u8(byte).await?;
        Ok(file.flush().await?)
    }

    fn unique(&self, token: &str) -> PathBuf {
        self.parts.join(format!("{token}.{:016x}", rand::random::<u64>()))
    }
}

impl Part {
    /// Appends bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).await?;
        self.hash.update(bytes);
        self.size += u64::try_from(bytes.len())?;
        Ok(())
    }

    /// Bytes written so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_at_the_end_of_a_path_and_nowhere_else() {
        let token = token_of(b"x");
        assert_eq!(token_in(&format!("/mms/image/{token}")), Some(token.as_str()));
        assert_eq!(token_in(&format!("/v/image/{token}?auth=a?b")), Some(token.as_str()));
        for bad in ["", "/", "/mms/image/", "/mms/image/../../etc/passwd", "/x/..%2f..%2f"] {
            assert_eq!(token_in(bad), None, "{bad}");
        }
        assert_eq!(token_in(&format!("/mms/image/{}", "/".repeat(43))), None);
    }

    #[tokio::test]
    async fn an_interrupted_upload_continues_where_it_stopped() {
        let folder = std::env::temp_dir().join(format!("sandbox-media-{:016x}", rand::random::<u64>()));
        let files = Files::open(&folder).await.expect("open");
        let token = token_of(b"hello world");
        let mut part = files.begin(&token).await.expect("begin");
        part.write(b"hello ").await.expect("write");
        files.interrupt(part).await;
        assert_eq!(files.kept(&token).await, Some(6));
        assert!(files.resume(&token, 3).await.expect("wrong offset").is_none());
        let mut part = files.resume(&token, 6).await.expect("resume").expect("state");
        part.write(b"world").await.expect("write");
        assert_eq!(files.finish(part).await.expect("finish"), Some((token.clone(), 11)));
        assert_eq!(fs::read(files.path(&token)).await.expect("read"), b"hello world");

        let mut wrong = files.begin(&token).await.expect("begin");
        wrong.write(b"other").await.expect("write");
        assert_eq!(files.finish(wrong).await.expect("finish"), None);
        fs::remove_dir_all(&folder).await.expect("clean up");
    }
}
