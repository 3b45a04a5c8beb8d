//! A worker on real machines: SQL, Redis, S3.

mod content;
mod deletion;
mod machines;
mod retention;

use std::time::Duration;

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(90);
