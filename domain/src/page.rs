//! Pages of long lists: how large, and where one ends.

use crate::Invalid;

/// Largest page.
pub const MAX_LIMIT: u32 = 200;
/// Page size when none is asked for.
pub const DEFAULT_LIMIT: u32 = 50;

/// The page size that is asked for.
///
/// # Errors
/// When it is out of range.
pub fn limit(asked: Option<u32>) -> Result<u32, Invalid> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(Invalid::new("limit", "is out of range", format!("use 1 to {MAX_LIMIT}")))
}

/// The text that was passed as a cursor is none of ours.
#[must_use]
pub fn no_cursor() -> Invalid {
    Invalid::new("cursor", "is not a cursor", "pass a cursor of the page before, unchanged")
}
