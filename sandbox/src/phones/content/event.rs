//! Events and answers to them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waproto::whatsapp::message::EventMessage;
use waproto::whatsapp::message::event_response_message::EventResponseType;

use super::place::Location;

/// Something that will happen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What happens.
    pub name: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Unix seconds of the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    /// Unix seconds of the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<i64>,
    /// Where it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Call link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Whether it was called off.
    #[serde(default)]
    pub canceled: bool,
}

/// Whether somebody comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attendance {
    /// Comes.
    #[default]
    Going,
    /// Does not come.
    NotGoing,
    /// Does not know yet.
    Maybe,
}

/// An answer to an event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventResponse {
    /// Id of the event.
    pub message: String,
    /// `None` while it could not be opened.
    pub response: Option<Attendance>,
}

impl Event {
    pub(super) fn read(part: &EventMessage) -> Self {
        Self {
            name: part.name.clone().unwrap_or_default(),
            description: part.description.clone(),
            start: part.start_time,
            end: part.end_time,
            location: part.location.as_option().map(Location::read),
            link: part.join_link.clone(),
            canceled: part.is_canceled.unwrap_or_default(),
        }
    }

    pub(super) fn write(&self) -> EventMessage {
        EventMessage {
            name: Some(self.name.clone()),
            description: self.description.clone(),
            start_time: self.start,
            end_time: self.end,
            location: self.location.as_ref().map(Location::write).into(),
            join_link: self.link.clone(),
            is_canceled: Some(self.canceled),
            ..Default::default()
        }
    }
}

impl Attendance {
    pub(in super::super) fn read(kind: EventResponseType) -> Option<Self> {
        match kind {
            EventResponseType::GOING => Some(Self::Going),
            EventResponseType::NOT_GOING => Some(Self::NotGoing),
            EventResponseType::MAYBE => Some(Self::Maybe),
            EventResponseType::UNKNOWN => None,
        }
    }

    pub(in super::super) fn write(self) -> EventResponseType {
        match self {
            Self::Going => EventResponseType::GOING,
            Self::NotGoing => EventResponseType::NOT_GOING,
            Self::Maybe => EventResponseType::MAYBE,
        }
    }
}
