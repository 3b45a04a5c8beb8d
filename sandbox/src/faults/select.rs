//! Which happenings a fault is about.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wacore_binary::Node;

use super::effect::Effect;
use super::invalid::Invalid;
use super::point::{Point, Subject, Whom};
use crate::nodes::is;
use crate::phones::is_number;
use crate::trace::Direction;

/// What a fault is about; what is absent accepts all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Selector {
    /// Phone number of an account, with or without `+`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// One device of the account; 0 is the phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<u16>,
    /// One connection, as `GET /v1/connections` numbers them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// `in` from the client, `out` to it; for files, `in` is an upload and `out` a download.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Tag of a stanza.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Its attribute `type`; for files their kind, such as `image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Its attribute `xmlns`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xmlns: Option<String>,
    /// Its attribute `class`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Its attribute `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Tag of one of its children.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<String>,
}

/// A selector that was found to make sense for its effect.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    selector: Selector,
    pn: Option<u64>,
    point: Point,
    needs_socket: bool,
}

impl Matcher {
    pub(super) fn new(mut selector: Selector, effect: &Effect) -> Result<Self, Invalid> {
        let pn = selector.number.as_deref().map(number).transpose()?;
        if selector.device.is_some() && pn.is_none() {
            return Err(Invalid::new("on.device", "A device is one of an account.", "Give on.number, too."));
        }
        let point = effect.point();
        fits(&selector, effect, point)?;
        match effect {
            Effect::Nack { .. } => only_tag(&mut selector, "message")?,
            Effect::IqError { .. } => only_tag(&mut selector, "iq")?,
            // The ack of a kind of stanza is what is selected in truth.
            Effect::LoseAck | Effect::DelayAck { .. } => {
                let tag = selector.tag.replace("ack".to_owned());
                selector.class = Some(tag.unwrap_or_else(|| "message".to_owned()));
            }
            _ => {}
        }
        Ok(Self { selector, pn, point, needs_socket: effect.needs_socket() })
    }

    pub(super) fn accepts(&self, whom: Whom, subject: &Subject<'_>) -> bool {
        subject.is_at(self.point)
            && self.pn.is_none_or(|pn| whom.device.is_some_and(|device| device.pn == pn))
            && self.selector.device.is_none_or(|id| whom.device.is_some_and(|device| device.device == id))
            && self.selector.connection.is_none_or(|id| whom.connection == Some(id))
            && (!self.needs_socket || whom.connection.is_some())
            && self.selector.direction.is_none_or(|way| subject.way() == Some(way))
            && match subject {
                Subject::Stanza { node, .. } => self.accepts_node(node),
                Subject::Media { kind, .. } => self.selector.r#type.as_deref().is_none_or(|k| k == *kind),
                Subject::Login | Subject::Handshake | Subject::Bundle => true,
            }
    }

    fn accepts_node(&self, node: &Node) -> bool {
        let Selector { tag, r#type, xmlns, class, id, child, .. } = &self.selector;
        let attribute = |key, wanted: &Option<String>| wanted.as_deref().is_none_or(|v| is(node, key, v));
        // An IQ that is an answer cannot be refused.
        let refusable = self.point != Point::StanzaIn
            || node.tag != "iq"
            || is(node, "type", "get")
            || is(node, "type", "set");
        refusable
            && tag.as_deref().is_none_or(|tag| node.tag == tag)
            && attribute("type", r#type)
            && attribute("xmlns", xmlns)
            && attribute("class", class)
            && attribute("id", id)
            && child.as_deref().is_none_or(|tag| node.get_optional_child(tag).is_some())
    }
}

fn number(text: &str) -> Result<u64, Invalid> {
    let digits = text.trim().trim_start_matches('+');
    digits.parse().ok().filter(|_| is_number(digits)).ok_or_else(|| {
        Invalid::new(
            "on.number",
            format!("{text:?} is not a phone number."),
            "Give 5 to 15 digits in international form, with or without +.",
        )
    })
}

/// Refuses fields that say nothing at the place where the effect works.
fn fits(selector: &Selector, effect: &Effect, point: Point) -> Result<(), Invalid> {
    let stanza = point.is_stanza();
    let known = point != Point::Handshake;
    let one_way = point.direction();
    let table = [
        ("on.number", selector.number.is_some(), known),
        ("on.device", selector.device.is_some(), known && point != Point::Media),
        ("on.connection", selector.connection.is_some(), stanza || point == Point::Login),
        (
            "on.direction",
            selector.direction.is_some(),
            point.directed() || (one_way.is_some() && one_way == selector.direction),
        ),
        ("on.tag", selector.tag.is_some(), stanza),
        ("on.type", selector.r#type.is_some(), stanza || point == Point::Media),
        ("on.xmlns", selector.xmlns.is_some(), stanza),
        ("on.class", selector.class.is_some(), stanza),
        ("on.id", selector.id.is_some(), stanza),
        ("on.child", selector.child.is_some(), stanza),
    ];
    match table.into_iter().find(|(_, given, allowed)| *given && !*allowed) {
        None => Ok(()),
        Some((field, ..)) => Err(Invalid::new(
            field,
            format!("The effect {} cannot be narrowed down like this.", effect.name()),
            "Leave the field out, or choose another effect.",
        )),
    }
}

fn only_tag(selector: &mut Selector, tag: &'static str) -> Result<(), Invalid> {
    match selector.tag.replace(tag.to_owned()) {
        Some(other) if other != tag => Err(Invalid::new(
            "on.tag",
            format!("This effect is for <{tag}>, not <{other}>."),
            format!("Leave on.tag out or give {tag:?}."),
        )),
        _ => Ok(()),
    }
}
