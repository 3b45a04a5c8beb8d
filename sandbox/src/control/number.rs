//! Numbers in paths and bodies: digits, with or without `+`.

use super::problem::Problem;
use crate::phones::is_number;

const REMEDY: &str =
    "Give 5 to 15 digits in international form, with or without +, for example +491700000001.";

/// What JIDs of channels end with.
const CHANNEL: &str = "@newsletter";

/// The digits of a phone number (or LID).
pub(crate) fn digits(field: &str, text: &str) -> Result<String, Problem> {
    let digits = text.trim().strip_prefix('+').unwrap_or(text.trim());
    if is_number(digits) {
        Ok(digits.to_owned())
    } else {
        Err(Problem::field(field, format!("{text:?} is not a phone number."), REMEDY))
    }
}

/// The JID of a group, given as such or as its digits.
pub(super) fn group(field: &str, text: &str) -> Result<String, Problem> {
    let digits = text.strip_suffix("@g.us").unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("{digits}@g.us"))
    } else {
        Err(Problem::field(field, format!("{text:?} is not a group."), "Give the jid of GET /v1/groups."))
    }
}

/// Whom a message can be sent to: a number, or the JID of a group or of a channel.
pub(super) fn recipient(field: &str, text: &str) -> Result<String, Problem> {
    let shared = text.ends_with("@g.us") || text.ends_with(CHANNEL);
    if shared { Ok(text.to_owned()) } else { digits(field, text) }
}

/// A number that the sandbox counts by: of a fault, a script or a connection.
pub(super) fn counted(field: &str, text: &str, remedy: &'static str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::field(field, format!("{text:?} is not a number."), remedy))
}

/// The JID of a channel; its digits alone will do.
pub(super) fn channel(field: &str, text: &str) -> Result<String, Problem> {
    let digits = text.strip_suffix(CHANNEL).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("{digits}{CHANNEL}"))
    } else {
        let detail = format!("{text:?} is not a channel.");
        Err(Problem::field(field, detail, "Give its JID, for example 120363400000000001@newsletter."))
    }
}

/// A chat: a number, or the JID of a group, of a channel or of the status broadcast.
pub(super) fn chat(field: &str, text: &str) -> Result<String, Problem> {
    if text == "status@broadcast" { Ok(text.to_owned()) } else { recipient(field, text) }
}
