//! Numbers in paths and bodies: digits, with or without `+`.

use super::problem::Problem;
use crate::phones::is_number;

const REMEDY: &str =
    "Give 5 to 15 digits in international form, with or without +, for example +491700000001.";

/// The digits of a phone number (or LID).
pub(super) fn digits(field: &str, text: &str) -> Result<String, Problem> {
    let digits = text.trim().strip_prefix('+').unwrap_or(text.trim());
    if is_number(digits) {
        Ok(digits.to_owned())
    } else {
        Err(Problem::field(field, format!("{text:?} is not a phone number."), REMEDY))
    }
}

/// Whom a message can be sent to: a number, or the JID of a group.
pub(super) fn recipient(field: &str, text: &str) -> Result<String, Problem> {
    if text.ends_with("@g.us") { Ok(text.to_owned()) } else { digits(field, text) }
}

/// A number that the sandbox counts by: of a fault, a script or a connection.
pub(super) fn counted(field: &str, text: &str, remedy: &'static str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::field(field, format!("{text:?} is not a number."), remedy))
}

/// A chat: a number, or the JID of a group or of the status broadcast.
pub(super) fn chat(field: &str, text: &str) -> Result<String, Problem> {
    if text == "status@broadcast" { Ok(text.to_owned()) } else { recipient(field, text) }
}
