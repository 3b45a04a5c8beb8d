//! Fetching a file that a caller named by URL, without letting it reach our own network.

use async_trait::async_trait;

use crate::ports::{ByteStream, PortError};

/// A response whose body has not been read yet.
#[expect(missing_debug_implementations, reason = "a body stream has nothing to show")]
pub struct Fetched {
    /// `Content-Type`, when the server sent one.
    pub mime: Option<String>,
    /// Name from `Content-Disposition` or the last path segment.
    pub file_name: Option<String>,
    /// `Content-Length`, when the server sent one.
    pub length: Option<u64>,
    /// The body; ends with an error when the peer breaks off or stalls.
    pub body: ByteStream,
}

/// Why nothing was fetched. The texts are fit for a caller's eyes.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not an absolute http(s) URL.
    #[error("is not an absolute http or https URL")]
    BadUrl,
    /// It (or a redirect) leads to a private, loopback or link-local address.
    #[error("leads to a private address")]
    Private,
    /// The name does not resolve or the server cannot be reached in time.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// The server answered something else than 2xx.
    #[error("answered with status {0}")]
    Status(u16),
    /// Our side failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Guarded outbound fetches.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Starts a GET: every address is resolved and checked before it is connected to, redirects too.
    async fn get(&self, url: &str) -> Result<Fetched, FetchError>;
}
