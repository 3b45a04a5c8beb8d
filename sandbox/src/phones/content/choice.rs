//! Answers to lists, buttons, templates and native flows. Sent as a reply to the menu.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waproto::whatsapp::__buffa::oneof::message::buttons_response_message::Response;
use waproto::whatsapp::__buffa::oneof::message::interactive_response_message::InteractiveResponseMessage as Flow;
use waproto::whatsapp::message::buttons_response_message::Type as ButtonsType;
use waproto::whatsapp::message::interactive_response_message::{Body, NativeFlowResponseMessage};
use waproto::whatsapp::message::list_response_message::{ListType, SingleSelectReply};
use waproto::whatsapp::message::{
    ButtonsResponseMessage, InteractiveResponseMessage, ListResponseMessage, TemplateButtonReplyMessage,
};

/// A chosen row of a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListReply {
    /// Id of the row.
    pub id: String,
    /// Title of the row.
    pub title: Option<String>,
    /// Second line of the row.
    pub description: Option<String>,
}

impl ListReply {
    pub(super) fn read(part: &ListResponseMessage) -> Self {
        Self {
            id: part.single_select_reply.selected_row_id.clone().unwrap_or_default(),
            title: part.title.clone(),
            description: part.description.clone(),
        }
    }

    pub(super) fn write(&self) -> ListResponseMessage {
        ListResponseMessage {
            title: self.title.clone(),
            description: self.description.clone(),
            list_type: Some(ListType::SINGLE_SELECT),
            single_select_reply: SingleSelectReply { selected_row_id: Some(self.id.clone()) }.into(),
            ..Default::default()
        }
    }
}

/// A pressed button.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ButtonReply {
    /// Id of the button.
    pub id: String,
    /// Its text.
    pub text: Option<String>,
}

impl ButtonReply {
    pub(super) fn read(part: &ButtonsResponseMessage) -> Self {
        Self {
            id: part.selected_button_id.clone().unwrap_or_default(),
            text: part.response.as_ref().map(|Response::SelectedDisplayText(text)| text.clone()),
        }
    }

    pub(super) fn write(&self) -> ButtonsResponseMessage {
        ButtonsResponseMessage {
            selected_button_id: Some(self.id.clone()),
            r#type: Some(ButtonsType::DISPLAY_TEXT),
            response: self.text.clone().map(Response::SelectedDisplayText),
            ..Default::default()
        }
    }
}

/// A pressed reply button of a template.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TemplateReply {
    /// Id of the button.
    pub id: String,
    /// Its text.
    pub text: Option<String>,
    /// Its place, from 0.
    pub index: Option<u32>,
}

impl TemplateReply {
    pub(super) fn read(part: &TemplateButtonReplyMessage) -> Self {
        Self {
            id: part.selected_id.clone().unwrap_or_default(),
            text: part.selected_display_text.clone(),
            index: part.selected_index,
        }
    }

    pub(super) fn write(&self) -> TemplateButtonReplyMessage {
        TemplateButtonReplyMessage {
            selected_id: Some(self.id.clone()),
            selected_display_text: self.text.clone(),
            selected_index: self.index,
            ..Default::default()
        }
    }
}

/// The answer of a native flow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InteractiveReply {
    /// Name of the flow.
    pub name: String,
    /// Its result, JSON in a string.
    pub params: String,
    /// Shown text.
    pub text: Option<String>,
}

impl InteractiveReply {
    pub(super) fn read(part: &InteractiveResponseMessage) -> Self {
        let text = part.body.text.clone();
        match part.interactive_response_message.as_ref() {
            Some(Flow::NativeFlowResponseMessage(flow)) => Self {
                name: flow.name.clone().unwrap_or_default(),
                params: flow.params_json.clone().unwrap_or_default(),
                text,
            },
            None => Self { text, ..Self::default() },
        }
    }

    pub(super) fn write(&self) -> InteractiveResponseMessage {
        let flow = NativeFlowResponseMessage {
            name: Some(self.name.clone()),
            params_json: Some(self.params.clone()),
            version: Some(3),
        };
        InteractiveResponseMessage {
            body: Body { text: self.text.clone(), ..Default::default() }.into(),
            interactive_response_message: Some(flow.into()),
            ..Default::default()
        }
    }
}
