//! What a phone does by itself: when it reads, what it answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When the phone marks an incoming message as read by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadBehaviour {
    /// Only when told to.
    #[default]
    Never,
    /// Right after the delivery receipt.
    Immediately,
    /// This many milliseconds after the delivery receipt.
    AfterMs(u32),
}

impl ReadBehaviour {
    /// Stored form: milliseconds, `None` for never.
    pub(super) fn to_column(self) -> Option<i64> {
        match self {
            Self::Never => None,
            Self::Immediately => Some(0),
            Self::AfterMs(ms) => Some(i64::from(ms)),
        }
    }

    pub(super) fn from_column(column: Option<i64>) -> Self {
        match column {
            None => Self::Never,
            Some(0) => Self::Immediately,
            Some(ms) => Self::AfterMs(u32::try_from(ms).unwrap_or(u32::MAX)),
        }
    }
}

/// One scripted answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptedReply {
    /// Answered when the text contains this, compared without case.
    pub keyword: String,
    /// Text of the answer.
    pub reply: String,
}

/// Scripted answers of a phone. Answers are never answered by another script,
/// so two echoing phones do not talk for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// The first reply whose keyword matches is sent.
    pub replies: Vec<ScriptedReply>,
    /// Sends every text back when no reply matched.
    pub echo: bool,
    /// What the phone does when it is called.
    pub calls: OnCall,
}

/// What a phone does by itself when it is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnCall {
    /// It rings until its user or the caller ends it.
    #[default]
    Ring,
    /// It declines.
    Reject,
    /// It answers.
    Accept,
}

/// Message ids of scripted answers begin with this, so that no script answers them.
pub(super) const SCRIPTED_ID_PREFIX: &str = "5C917D";

impl Script {
    /// The answer to an incoming text, if the script has one.
    pub(super) fn answer(&self, id: &str, text: &str) -> Option<String> {
        if id.starts_with(SCRIPTED_ID_PREFIX) {
            return None;
        }
        let lower = text.to_lowercase();
        self.replies
            .iter()
            .find(|reply| lower.contains(&reply.keyword.to_lowercase()))
            .map(|reply| reply.reply.clone())
            .or_else(|| self.echo.then(|| text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyword_wins_over_echo_and_scripts_are_not_answered() {
        let script = Script {
            replies: vec![ScriptedReply { keyword: "PRICE".into(), reply: "10 EUR".into() }],
            echo: true,
            ..Script::default()
        };
        assert_eq!(script.answer("A", "what price?").as_deref(), Some("10 EUR"));
        assert_eq!(script.answer("A", "hello").as_deref(), Some("hello"));
        assert_eq!(script.answer("5C917D00", "hello"), None);
        assert_eq!(Script::default().answer("A", "hello"), None);
    }

    #[test]
    fn read_behaviour_survives_its_column() {
        for read in [ReadBehaviour::Never, ReadBehaviour::Immediately, ReadBehaviour::AfterMs(250)] {
            assert_eq!(ReadBehaviour::from_column(read.to_column()), read);
        }
    }
}
