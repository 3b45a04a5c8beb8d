//! Messages to choose from: lists, buttons, templates, native flows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waproto::whatsapp::__buffa::oneof::hydrated_template_button::HydratedButton;
use waproto::whatsapp::__buffa::oneof::message::interactive_message::InteractiveMessage as Flow;
use waproto::whatsapp::__buffa::oneof::message::template_message::Format;
use waproto::whatsapp::__buffa::oneof::message::template_message::hydrated_four_row_template::Title;
use waproto::whatsapp::HydratedTemplateButton;
use waproto::whatsapp::hydrated_template_button::{
    HydratedCallButton, HydratedQuickReplyButton, HydratedURLButton,
};
use waproto::whatsapp::message::buttons_message::Button as WireButton;
use waproto::whatsapp::message::buttons_message::button::{ButtonText, Type as ButtonType};
use waproto::whatsapp::message::interactive_message::native_flow_message::NativeFlowButton;
use waproto::whatsapp::message::interactive_message::{Body, Footer, Header, NativeFlowMessage};
use waproto::whatsapp::message::list_message::{ListType, Row as WireRow, Section as WireSection};
use waproto::whatsapp::message::template_message::HydratedFourRowTemplate;
use waproto::whatsapp::message::{ButtonsMessage, InteractiveMessage, ListMessage, TemplateMessage};

/// A list of rows behind a button.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct List {
    /// Headline.
    pub title: Option<String>,
    /// Text.
    pub text: Option<String>,
    /// Text of the button that opens the list.
    pub button: Option<String>,
    /// Small print.
    pub footer: Option<String>,
    /// Groups of rows.
    pub sections: Vec<Section>,
}

/// Rows under one heading.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Section {
    /// Heading.
    pub title: Option<String>,
    /// Rows.
    pub rows: Vec<Row>,
}

/// One row of a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Row {
    /// What a choice of it answers.
    pub id: String,
    /// Shown text.
    pub title: String,
    /// Second line.
    pub description: Option<String>,
}

impl List {
    pub(super) fn read(part: &ListMessage) -> Self {
        let row = |row: &WireRow| Row {
            id: row.row_id.clone().unwrap_or_default(),
            title: row.title.clone().unwrap_or_default(),
            description: row.description.clone(),
        };
        let section = |section: &WireSection| Section {
            title: section.title.clone(),
            rows: section.rows.iter().map(row).collect(),
        };
        Self {
            title: part.title.clone(),
            text: part.description.clone(),
            button: part.button_text.clone(),
            footer: part.footer_text.clone(),
            sections: part.sections.iter().map(section).collect(),
        }
    }

    pub(super) fn write(&self) -> ListMessage {
        let row = |row: &Row| WireRow {
            row_id: Some(row.id.clone()),
            title: Some(row.title.clone()),
            description: row.description.clone(),
        };
        let section = |section: &Section| WireSection {
            title: section.title.clone(),
            rows: section.rows.iter().map(row).collect(),
        };
        ListMessage {
            title: self.title.clone(),
            description: self.text.clone(),
            button_text: self.button.clone(),
            footer_text: self.footer.clone(),
            list_type: Some(ListType::SINGLE_SELECT),
            sections: self.sections.iter().map(section).collect(),
            ..Default::default()
        }
    }
}

/// Text with buttons.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Buttons {
    /// Text.
    pub text: Option<String>,
    /// Small print.
    pub footer: Option<String>,
    /// Buttons, up to three.
    pub buttons: Vec<Button>,
}

/// A button that answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Button {
    /// What a press answers.
    pub id: String,
    /// Shown text.
    pub text: String,
}

impl Buttons {
    pub(super) fn read(part: &ButtonsMessage) -> Self {
        let button = |button: &WireButton| Button {
            id: button.button_id.clone().unwrap_or_default(),
            text: button.button_text.display_text.clone().unwrap_or_default(),
        };
        Self {
            text: part.content_text.clone(),
            footer: part.footer_text.clone(),
            buttons: part.buttons.iter().map(button).collect(),
        }
    }

    pub(super) fn write(&self) -> ButtonsMessage {
        let button = |button: &Button| WireButton {
            button_id: Some(button.id.clone()),
            button_text: ButtonText { display_text: Some(button.text.clone()) }.into(),
            r#type: Some(ButtonType::RESPONSE),
            ..Default::default()
        };
        ButtonsMessage {
            content_text: self.text.clone(),
            footer_text: self.footer.clone(),
            buttons: self.buttons.iter().map(button).collect(),
            ..Default::default()
        }
    }
}

/// A business template, filled in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Template {
    /// Headline.
    pub title: Option<String>,
    /// Text.
    pub text: Option<String>,
    /// Small print.
    pub footer: Option<String>,
    /// Buttons.
    pub buttons: Vec<TemplateButton>,
}

/// A button of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TemplateButton {
    /// Answers.
    Reply(Button),
    /// Opens a web page.
    Url {
        /// Shown text.
        text: String,
        /// The page.
        url: String,
    },
    /// Calls a number.
    Call {
        /// Shown text.
        text: String,
        /// The number.
        number: String,
    },
}

impl Template {
    pub(super) fn read(part: &TemplateMessage) -> Self {
        let filled = match &part.format {
            Some(Format::HydratedFourRowTemplate(filled)) => filled,
            _ => &*part.hydrated_template,
        };
        Self {
            title: match &filled.title {
                Some(Title::HydratedTitleText(title)) => Some(title.clone()),
                _ => None,
            },
            text: filled.hydrated_content_text.clone(),
            footer: filled.hydrated_footer_text.clone(),
            buttons: filled.hydrated_buttons.iter().filter_map(TemplateButton::read).collect(),
        }
    }

    pub(super) fn write(&self) -> TemplateMessage {
        let filled = HydratedFourRowTemplate {
            hydrated_content_text: self.text.clone(),
            hydrated_footer_text: self.footer.clone(),
            hydrated_buttons: (1..).zip(&self.buttons).map(|(n, button)| button.write(n)).collect(),
            title: self.title.clone().map(Title::HydratedTitleText),
            ..Default::default()
        };
        TemplateMessage {
            hydrated_template: filled.clone().into(),
            format: Some(Format::HydratedFourRowTemplate(Box::new(filled))),
            ..Default::default()
        }
    }
}

impl TemplateButton {
    fn read(wire: &HydratedTemplateButton) -> Option<Self> {
        Some(match wire.hydrated_button.as_ref()? {
            HydratedButton::QuickReplyButton(part) => Self::Reply(Button {
                id: part.id.clone().unwrap_or_default(),
                text: part.display_text.clone().unwrap_or_default(),
            }),
            HydratedButton::UrlButton(part) => Self::Url {
                text: part.display_text.clone().unwrap_or_default(),
                url: part.url.clone().unwrap_or_default(),
            },
            HydratedButton::CallButton(part) => Self::Call {
                text: part.display_text.clone().unwrap_or_default(),
                number: part.phone_number.clone().unwrap_or_default(),
            },
        })
    }

    fn write(&self, index: u32) -> HydratedTemplateButton {
        let button = match self.clone() {
            Self::Reply(Button { id, text }) => {
                HydratedQuickReplyButton { display_text: Some(text), id: Some(id) }.into()
            }
            Self::Url { text, url } => {
                HydratedURLButton { display_text: Some(text), url: Some(url), ..Default::default() }.into()
            }
            Self::Call { text, number } => {
                HydratedCallButton { display_text: Some(text), phone_number: Some(number) }.into()
            }
        };
        HydratedTemplateButton { index: Some(index), hydrated_button: Some(button) }
    }
}

/// Text with native-flow buttons, or a row of such cards.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Interactive {
    /// Headline.
    pub title: Option<String>,
    /// Text.
    pub text: Option<String>,
    /// Small print.
    pub footer: Option<String>,
    /// Buttons.
    pub buttons: Vec<FlowButton>,
    /// Cards of a carousel, as they came; cannot be sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub cards: Vec<Interactive>,
}

/// A native-flow button: `quick_reply`, `cta_url`, `single_select`, …
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlowButton {
    /// Name of the flow.
    pub name: String,
    /// Its parameters, JSON in a string.
    pub params: String,
}

impl Interactive {
    /// `None` for a kind that has neither buttons nor cards (shop, collection).
    pub(super) fn read(part: &InteractiveMessage) -> Option<Self> {
        let mut read = Self {
            title: part.header.title.clone(),
            text: part.body.text.clone(),
            footer: part.footer.text.clone(),
            ..Self::default()
        };
        match part.interactive_message.as_ref() {
            Some(Flow::NativeFlowMessage(flow)) => {
                let button = |button: &NativeFlowButton| FlowButton {
                    name: button.name.clone().unwrap_or_default(),
                    params: button.button_params_json.clone().unwrap_or_default(),
                };
                read.buttons = flow.buttons.iter().map(button).collect();
            }
            Some(Flow::CarouselMessage(carousel)) => {
                read.cards = carousel.cards.iter().filter_map(Self::read).collect();
            }
            Some(_) => return None,
            None => {}
        }
        Some(read)
    }

    pub(super) fn write(&self) -> InteractiveMessage {
        let button = |button: &FlowButton| NativeFlowButton {
            name: Some(button.name.clone()),
            button_params_json: Some(button.params.clone()),
        };
        let flow = NativeFlowMessage {
            buttons: self.buttons.iter().map(button).collect(),
            message_version: Some(1),
            ..Default::default()
        };
        InteractiveMessage {
            header: Header { title: self.title.clone(), ..Default::default() }.into(),
            body: Body { text: self.text.clone() }.into(),
            footer: Footer { text: self.footer.clone(), ..Default::default() }.into(),
            interactive_message: Some(flow.into()),
            ..Default::default()
        }
    }
}
