//! Media: encrypted files, uploaded and downloaded over HTTP.
//!
//! Files live under `<home>/media`, named by their token (base64url of the SHA-256 of the
//! encrypted file). Bodies are streamed; nothing holds a whole file unless a phone asks for one.

mod auth;
mod authority;
mod bend;
mod download;
mod files;
mod query;
mod serve;
mod upload;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use bytes::Bytes;

use crate::clock::Clock;
use crate::state::{MediaRow, State};

pub(crate) use auth::{AUTH_SECS, CONN_SECS};
pub(crate) use authority::Authority;
pub(crate) use serve::router;

/// Kind of profile pictures: images as they are, not encrypted.
pub(crate) const PICTURE: &str = "picture";

/// Where a stored object is found.
pub(crate) struct Stored {
    pub(crate) token: String,
    pub(crate) url: String,
    pub(crate) direct_path: String,
}

/// The media endpoint's state.
pub(crate) struct Media {
    files: files::Files,
    auth: auth::Auth,
    tls: SocketAddr,
    max_bytes: u64,
    clock: Clock,
}

impl Media {
    /// Opens the folder and takes or makes the secret of the upload tokens.
    pub(crate) async fn open(
        home: &Path,
        state: &State,
        tls: SocketAddr,
        max_bytes: u64,
        clock: Clock,
    ) -> Result<Self> {
        Ok(Self {
            files: files::Files::open(&home.join("media")).await?,
            auth: auth::Auth::open(state).await?,
            tls,
            max_bytes,
            clock,
        })
    }

    /// Host and port that clients are told; they put `https://` before it.
    pub(crate) fn tls_host(&self) -> String {
        self.tls.to_string()
    }

    /// An account's token for uploads and downloads, valid for [`AUTH_SECS`].
    pub(crate) fn auth_token(&self, pn: u64) -> String {
        self.auth.issue(pn, self.clock.unix_secs())
    }

    /// Stores an object that is in memory.
    pub(crate) async fn put(&self, state: &State, kind: &str, body: &Bytes) -> Result<Stored> {
        let token = files::token_of(body);
        let mut part = self.files.begin(&token).await?;
        part.write(body).await?;
        self.keep(state, kind, part).await?.context("a fresh file matches its own token")
    }

    /// Opens an object for reading.
    pub(crate) async fn open_file(&self, state: &State, direct_path: &str) -> Result<Option<std::fs::File>> {
        let Some(token) = files::token_in(direct_path) else { return Ok(None) };
        if state.media(token).await?.is_none() {
            return Ok(None);
        }
        let file = tokio::fs::File::open(self.files.path(token)).await?;
        Ok(Some(file.into_std().await))
    }

    /// Reads an object into memory.
    pub(crate) async fn get(&self, state: &State, direct_path: &str) -> Result<Option<Bytes>> {
        let Some(token) = files::token_in(direct_path) else { return Ok(None) };
        if state.media(token).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(tokio::fs::read(self.files.path(token)).await?.into()))
    }

    /// Puts a finished file in its place; `None` when it is not what its token says.
    async fn keep(&self, state: &State, kind: &str, part: files::Part) -> Result<Option<Stored>> {
        let Some((token, size)) = self.files.finish(part).await? else { return Ok(None) };
        let stored = self.location(kind, &token);
        let row = MediaRow { token, kind: kind.to_owned(), size };
        state.add_media(row, self.clock.unix_secs()).await?;
        Ok(Some(stored))
    }

    /// Where an object of this token is found. Clients append a query to direct paths, so they carry none.
    pub(crate) fn location(&self, kind: &str, token: &str) -> Stored {
        let direct_path = format!("/v/{kind}/{token}");
        let token = token.to_owned();
        Stored { token, url: format!("https://{}{direct_path}", self.tls), direct_path }
    }
}
