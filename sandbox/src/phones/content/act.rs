//! What is done to an earlier message: reactions, edits, revokes, pins.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reaction; an empty one takes the earlier one back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// Id of the message.
    pub message: String,
    /// One emoji, or nothing.
    #[serde(default)]
    pub emoji: String,
}

/// A new text, or caption, of an own message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Id of the message.
    pub message: String,
    /// The text from now on.
    pub text: String,
}

/// A message deleted for everyone, by its author or by an admin of the group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// Id of the message.
    pub message: String,
    /// Whether an admin did it; not needed for sending.
    #[serde(default)]
    pub by_admin: bool,
}

/// A message pinned to the top of the chat for everyone, or taken off again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Id of the message.
    pub message: String,
    /// False to take it off.
    #[serde(default = "yes")]
    pub pinned: bool,
    /// How long it stays; a week unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// A disappearing message kept in the chat for everyone, or not any more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Id of the message.
    pub message: String,
    /// False to let it disappear after all.
    #[serde(default = "yes")]
    pub kept: bool,
}

fn yes() -> bool {
    true
}
