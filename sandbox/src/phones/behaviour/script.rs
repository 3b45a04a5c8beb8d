//! Scripted answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::draft::MessageDraft;

/// Message ids of scripted answers begin with this, so that no script answers them.
pub(super) const SCRIPTED_ID_PREFIX: &str = "5C917D";

/// What a phone does in a chat once it has given an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Afterwards {
    /// Answers the next message as before.
    #[default]
    GoesOn,
    /// Never answers in this chat again.
    FallsSilent,
    /// Blocks the other side, and is silent.
    Blocks,
}

/// One scripted answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptedReply {
    /// Answered when the text contains this, compared without case; an empty one is contained in
    /// every message, also in one without text.
    pub keyword: String,
    /// Text of the answer.
    pub reply: Option<String>,
    /// The answer, when it is not just a text.
    pub message: Option<MessageDraft>,
    /// Time from the message to the answer; the script's when absent.
    pub delay_ms: Option<u32>,
    /// What comes after the answer: a customer who opts out answers `STOP` and falls silent.
    pub then: Afterwards,
}

/// Scripted answers of a phone. Answers are never answered by another script,
/// so two echoing phones do not talk for ever.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// The first reply whose keyword matches is sent.
    pub replies: Vec<ScriptedReply>,
    /// Sends every text back when no reply matched.
    pub echo: bool,
    /// Time from a message to its answer, in milliseconds.
    pub delay_ms: u32,
    /// How long before its answer the phone shows that it types, in milliseconds.
    pub typing_ms: u32,
    /// Whether it answers in groups, too.
    pub groups: bool,
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

/// What a script does about one message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) message: MessageDraft,
    pub(super) delay_ms: u32,
    pub(super) then: Afterwards,
}

impl Script {
    /// True when it never answers anything.
    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty() && !self.echo
    }

    /// The answer to a message, if the script has one. `echo` is the text to send back, for
    /// messages that are just a text.
    pub(super) fn answer(&self, id: &str, text: Option<&str>, echo: Option<&str>) -> Option<Answer> {
        if id.starts_with(SCRIPTED_ID_PREFIX) {
            return None;
        }
        let lower = text.unwrap_or_default().to_lowercase();
        let matching = self.replies.iter().find(|reply| lower.contains(&reply.keyword.to_lowercase()));
        if let Some(reply) = matching {
            let message = reply.message.clone();
            return Some(Answer {
                message: message
                    .unwrap_or_else(|| MessageDraft::text(reply.reply.as_deref().unwrap_or_default())),
                delay_ms: reply.delay_ms.unwrap_or(self.delay_ms),
                then: reply.then,
            });
        }
        let echo = echo.filter(|_| self.echo)?;
        Some(Answer { message: MessageDraft::text(echo), delay_ms: self.delay_ms, then: Afterwards::GoesOn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(script: &Script, id: &str, text: &str) -> Option<String> {
        script.answer(id, Some(text), Some(text))?.message.text
    }

    #[test]
    fn keyword_wins_over_echo_and_scripts_are_not_answered() {
        let price = ScriptedReply {
            keyword: "PRICE".into(),
            reply: Some("10 EUR".into()),
            delay_ms: Some(7),
            ..ScriptedReply::default()
        };
        let script = Script { replies: vec![price], echo: true, delay_ms: 3, ..Script::default() };
        assert_eq!(says(&script, "A", "what price?").as_deref(), Some("10 EUR"));
        assert_eq!(says(&script, "A", "hello").as_deref(), Some("hello"));
        assert_eq!(says(&script, "5C917D00", "hello"), None);
        assert_eq!(says(&Script::default(), "A", "hello"), None);
        let delay = |text: &str| script.answer("A", Some(text), Some(text)).map(|answer| answer.delay_ms);
        assert_eq!((delay("price"), delay("x")), (Some(7), Some(3)), "a reply's own delay comes first");
        assert_eq!(script.answer("A", Some("caption"), None), None, "only a text is echoed");
    }

    #[test]
    fn an_empty_keyword_answers_everything() {
        let stop = ScriptedReply {
            reply: Some("STOP".into()),
            then: Afterwards::Blocks,
            ..ScriptedReply::default()
        };
        let script = Script { replies: vec![stop], ..Script::default() };
        let answer = script.answer("A", None, None).expect("an answer to a picture");
        assert_eq!((answer.message.text.as_deref(), answer.then), (Some("STOP"), Afterwards::Blocks));
    }
}
