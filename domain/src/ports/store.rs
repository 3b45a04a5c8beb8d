//! Objects in S3-compatible storage.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::ports::{PortError, PortResult};

/// A stream of bytes; an error text ends it.
pub type ByteStream = BoxStream<'static, Result<Bytes, String>>;

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, hex.
    pub sha256: Option<String>,
}

/// Why an object was not stored. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// More bytes than allowed.
    #[error("too large")]
    TooLarge,
    /// The source stream broke.
    #[error("the source broke off: {0}")]
    Source(String),
    /// S3 failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Object storage. Memory use is bounded by a few parts of a multipart upload, whatever the size.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Streams an object in, hashing as it goes; stops above `max_bytes`.
    async fn put(&self, key: &str, mime: &str, bytes: ByteStream, max_bytes: u64)
    -> Result<Stored, PutError>;
    /// Streams an object out; `None` when there is none.
    async fn get(&self, key: &str) -> PortResult<Option<ByteStream>>;
    /// Size in bytes; `None` when there is none.
    async fn size(&self, key: &str) -> PortResult<Option<u64>>;
    /// Deletes an object; none there is fine.
    async fn delete(&self, key: &str) -> PortResult<()>;
    /// Keys of objects that begin so, at most `limit`, in their order.
    async fn list(&self, prefix: &str, limit: u32) -> PortResult<Vec<String>>;
    /// A link that lets its bearer `PUT` the object.
    async fn presign_put(&self, key: &str, mime: &str, ttl: Duration) -> PortResult<String>;
    /// A link that lets its bearer `GET` the object, served as `mime` and saved as `file_name`.
    async fn presign_get(
        &self,
        key: &str,
        mime: &str,
        file_name: Option<&str>,
        ttl: Duration,
    ) -> PortResult<String>;
}
