//! Keys that are no secret.

use crate::seal::Ring;

/// The key of [`ring`], as configurations write it.
pub const RING_KEY: &str = "test:dGhpcyBrZXkgaXMga25vd24gdG8gZXZlcnlib2R5LiE=";

/// The ring that tests seal with: the same in every process.
///
/// # Panics
/// Never: the key is well formed.
#[must_use]
pub fn ring() -> Ring {
    Ring::read([RING_KEY]).expect("a key")
}
