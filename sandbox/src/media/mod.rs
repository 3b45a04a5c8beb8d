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
use crate::state::{MediaRow, NewMedia, State};

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
        let new = NewMedia { token, kind: kind.to_owned(), size, stored_at: self.clock.unix_secs() };
        Ok(Some(self.location(state.add_media(new).await?)))
    }

    /// Lets an object expire: its address is gone for clients. False when there is no such object.
    pub(crate) async fn expire(&self, state: &State, direct_path: &str) -> Result<bool> {
        let Some(token) = files::token_in(direct_path) else { return Ok(false) };
        Ok(state.expire_media(token.to_owned()).await?.is_some())
    }

    /// Uploads an object again, from the copy that a phone has of it: one that has expired is back
    /// under another address. `None` when there is no such object.
    pub(crate) async fn renew(&self, state: &State, direct_path: &str) -> Result<Option<Stored>> {
        let Some(token) = files::token_in(direct_path) else { return Ok(None) };
        Ok(state.renew_media(token.to_owned()).await?.map(|row| self.location(row)))
    }

    /// Where an object is found. Clients append a query to direct paths, so they carry none.
    fn location(&self, row: MediaRow) -> Stored {
        let MediaRow { token, kind, generation, .. } = row;
        let direct_path = path(&kind, generation, &token);
        Stored { token, url: format!("https://{}{direct_path}", self.tls), direct_path }
    }

    /// Where a profile picture is found; these do not expire.
    pub(crate) fn picture(&self, token: &str) -> Stored {
        let direct_path = path(PICTURE, 0, token);
        let token = token.to_owned();
        Stored { token, url: format!("https://{}{direct_path}", self.tls), direct_path }
    }
}

/// The address of an object: `/v/<kind>/<token>`, with a number in between when it is back after it
/// had expired.
fn path(kind: &str, generation: u32, token: &str) -> String {
    if generation == 0 { format!("/v/{kind}/{token}") } else { format!("/v/{kind}/{generation}/{token}") }
}

/// Which upload of an object an address means.
fn generation_in(path: &str) -> u32 {
    match path.strip_prefix("/v/").map(|rest| rest.split('/').collect::<Vec<_>>()).as_deref() {
        Some([_, generation, _]) => generation.parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_upload() {
        assert_eq!(path("image", 0, "T"), "/v/image/T");
        for generation in [0, 1, 12] {
            assert_eq!(generation_in(&path("image", generation, "T")), generation);
        }
        assert_eq!(generation_in("/v/123/T"), 0, "a kind of digits is a kind");
        assert_eq!(generation_in("/mms/image/T"), 0);
    }
}
