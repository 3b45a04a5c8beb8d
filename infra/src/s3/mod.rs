//! Object storage over the S3 API, and a server of it for machines that have none.

mod connect;
mod embedded;
mod failure;
mod objects;
mod upload;

pub use connect::{S3, S3Error};
pub use embedded::{EmbeddedError, EmbeddedS3};
