//! From a message that was shown to what the phone will do about it, and when.

use serde::{Deserialize, Serialize};

use super::super::content::Content;
use super::super::new_id;
use super::Behaviour;
use super::draft::MessageDraft;
use super::script::{Afterwards, SCRIPTED_ID_PREFIX};

/// Something a phone will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Step {
    /// Goes online or offline.
    Online(bool),
    /// Marks a message as read.
    Read { id: String },
    /// Shows that it types, or no longer.
    Type { chat: String, on: bool },
    /// Answers a message. The answer's id is fixed, so that it is sent once even when the
    /// process stops halfway.
    Answer { chat: String, to: String, id: String, message: Box<MessageDraft> },
    /// Blocks somebody.
    Block { peer: String },
}

/// A step and its time.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Plan {
    /// Unix milliseconds.
    pub(in super::super) due: u64,
    pub(in super::super) step: Step,
}

/// A message that was shown for the first time.
pub(in super::super) struct Occasion<'a> {
    pub(in super::super) id: &'a str,
    /// Peer's number, or the JID of a group.
    pub(in super::super) chat: &'a str,
    pub(in super::super) content: &'a Content,
    /// Unix milliseconds.
    pub(in super::super) now: u64,
    /// The phone does not answer in this chat any more.
    pub(in super::super) silent: bool,
}

impl Behaviour {
    /// What the phone will do about a message, in order, and whether it falls silent in the chat.
    pub(in super::super) fn plans(&self, occasion: &Occasion<'_>) -> (Vec<Plan>, bool) {
        let Occasion { id, chat, content, now, .. } = *occasion;
        // what is done to an earlier message is neither read nor answered
        if content.target().is_some() {
            return (Vec::new(), false);
        }
        let mut plans = Vec::new();
        let read = self.read.after().map(|ms| now + ms);
        if let Some(due) = read {
            plans.push(Plan { due, step: Step::Read { id: id.to_owned() } });
        }
        let mut silent = false;
        let group = chat.contains('@');
        if !occasion.silent && (!group || self.script.groups) {
            let text = content.text.as_deref();
            let echo = text.filter(|_| content.kind == "text");
            if let Some(answer) = self.script.answer(id, text, echo) {
                // who answers has read
                let due = read.unwrap_or(now).max(now + u64::from(answer.delay_ms));
                let typing = u64::from(self.script.typing_ms);
                let state = |on| Step::Type { chat: chat.to_owned(), on };
                if typing > 0 {
                    let begin = due.saturating_sub(typing).max(read.unwrap_or(now));
                    plans.push(Plan { due: begin, step: state(true) });
                    plans.push(Plan { due, step: state(false) });
                }
                plans.push(Plan {
                    due,
                    step: Step::Answer {
                        chat: chat.to_owned(),
                        to: id.to_owned(),
                        id: new_id(SCRIPTED_ID_PREFIX),
                        message: Box::new(answer.message),
                    },
                });
                silent = answer.then != Afterwards::GoesOn;
                if answer.then == Afterwards::Blocks && !group {
                    plans.push(Plan { due, step: Step::Block { peer: chat.to_owned() } });
                }
            }
        }
        if let (true, Some(first), Some(last)) = (self.online, plans.first(), plans.last()) {
            let (first, last) = (first.due, last.due);
            plans.insert(0, Plan { due: first, step: Step::Online(true) });
            plans.push(Plan { due: last, step: Step::Online(false) });
        }
        (plans, silent)
    }

    /// Whether [`Behaviour::plans`] can have anything to say.
    pub(in super::super) fn is_passive(&self) -> bool {
        self.read.after().is_none() && self.script.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ReadBehaviour, Script, ScriptedReply};
    use super::*;

    fn text(text: &str) -> Content {
        Content { kind: "text".into(), text: Some(text.into()), ..Content::default() }
    }

    fn names(behaviour: &Behaviour, chat: &str, content: &Content) -> Vec<(u64, String)> {
        let occasion = Occasion { id: "A", chat, content, now: 1000, silent: false };
        let name = |step: &Step| match serde_json::to_value(step).expect("json") {
            serde_json::Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
            other => other.to_string(),
        };
        behaviour.plans(&occasion).0.iter().map(|plan| (plan.due, name(&plan.step))).collect()
    }

    #[test]
    fn reads_then_types_then_answers_and_is_online_meanwhile() {
        let script = Script { echo: true, delay_ms: 500, typing_ms: 200, ..Script::default() };
        let behaviour =
            Behaviour { read: ReadBehaviour::AfterMs(100), script, online: true, ..Behaviour::default() };
        let expected = [
            (1100, "online"),
            (1100, "read"),
            (1300, "type"),
            (1500, "type"),
            (1500, "answer"),
            (1500, "online"),
        ];
        let expected = expected.map(|(due, name)| (due, name.to_owned()));
        assert_eq!(names(&behaviour, "4917", &text("hi")), expected);
        let read_only = names(&behaviour, "1@g.us", &text("hi"));
        assert_eq!(
            read_only.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(),
            ["online", "read", "online"]
        );
    }

    #[test]
    fn nobody_answers_before_reading_and_acts_are_left_alone() {
        let script = Script { echo: true, delay_ms: 5, ..Script::default() };
        let behaviour = Behaviour { read: ReadBehaviour::AfterMs(100), script, ..Behaviour::default() };
        assert_eq!(names(&behaviour, "4917", &text("hi")).last().map(|plan| plan.0), Some(1100));
        let body = serde_json::from_value(serde_json::json!({"reaction": {"message": "A", "emoji": "x"}}));
        let act = Content { kind: "reaction".into(), body: body.ok(), ..Content::default() };
        assert!(names(&behaviour, "4917", &act).is_empty());
    }

    #[test]
    fn who_opts_out_says_so_once() {
        let stop = ScriptedReply {
            reply: Some("STOP".into()),
            then: Afterwards::Blocks,
            ..ScriptedReply::default()
        };
        let behaviour =
            Behaviour { script: Script { replies: vec![stop], ..Script::default() }, ..Behaviour::default() };
        let content = text("Buy now!");
        let mut occasion = Occasion { id: "A", chat: "4917", content: &content, now: 0, silent: false };
        let (plans, silent) = behaviour.plans(&occasion);
        assert!(silent);
        assert_eq!(plans.last().map(|plan| &plan.step), Some(&Step::Block { peer: "4917".into() }));
        occasion.silent = true;
        assert_eq!(behaviour.plans(&occasion), (Vec::new(), false));
    }
}
