//! How wagate talks to machines it owns: Redis, SQL, S3, outbound HTTP, configuration, telemetry.
//!
//! Every module implements ports of `wagate_domain`; nothing here holds a rule of the product.

pub mod config;
pub mod feed;
pub mod http;
pub mod mail;
pub mod memory;
pub mod oidc;
pub mod proofs;
pub mod redis;
pub mod s3;
pub mod seal;
pub mod system;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;

pub mod sql;
