//! Polls and votes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::PollCreationMessage;
use waproto::whatsapp::message::poll_creation_message::Option as PollOption;

/// A question with answers to choose from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The question.
    pub name: String,
    /// Answers, at least two.
    pub options: Vec<String>,
    /// How many answers one voter may choose; 0 for any number.
    #[serde(default)]
    pub selectable: u32,
    /// Which of the poll messages carries it: 1, 2, 3, 5 or 6. When sending, 3 for one answer
    /// and 1 otherwise, unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u8>,
}

/// A vote; the newest of a voter counts, one without options withdraws it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PollVote {
    /// Id of the poll.
    pub message: String,
    /// Names of the chosen answers.
    pub options: Vec<String>,
}

impl Poll {
    pub(super) fn read(message: &wa::Message) -> Option<Self> {
        let versions = [
            (1, &message.poll_creation_message),
            (2, &message.poll_creation_message_v2),
            (3, &message.poll_creation_message_v3),
            (5, &message.poll_creation_message_v5),
            (6, &message.poll_creation_message_v6),
        ];
        let (version, part) =
            versions.into_iter().find_map(|(version, part)| Some((version, part.as_option()?)))?;
        Some(Self {
            name: part.name.clone().unwrap_or_default(),
            options: part.options.iter().filter_map(|option| option.option_name.clone()).collect(),
            selectable: part.selectable_options_count.unwrap_or_default(),
            version: Some(version),
        })
    }

    pub(super) fn write(&self) -> wa::Message {
        let options = self.options.iter();
        let part = PollCreationMessage {
            name: Some(self.name.clone()),
            options: options
                .map(|name| PollOption { option_name: Some(name.clone()), ..Default::default() })
                .collect(),
            selectable_options_count: Some(self.selectable),
            ..Default::default()
        };
        let mut message = wa::Message::default();
        let place = match self.version.unwrap_or(if self.selectable == 1 { 3 } else { 1 }) {
            2 => &mut message.poll_creation_message_v2,
            3 => &mut message.poll_creation_message_v3,
            5 => &mut message.poll_creation_message_v5,
            6 => &mut message.poll_creation_message_v6,
            _ => &mut message.poll_creation_message,
        };
        *place = part.into();
        message
    }
}
