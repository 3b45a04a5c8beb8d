//! Invitations, albums, chat settings, and what has no form of its own.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::{AlbumMessage, GroupInviteMessage};

/// An invitation into a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupInvite {
    /// JID of the group.
    pub group: String,
    /// Invitation code.
    pub code: String,
    /// Unix seconds until which it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Name of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

impl GroupInvite {
    pub(super) fn read(part: &GroupInviteMessage) -> Self {
        Self {
            group: part.group_jid.clone().unwrap_or_default(),
            code: part.invite_code.clone().unwrap_or_default(),
            expires: part.invite_expiration,
            name: part.group_name.clone(),
            caption: part.caption.clone(),
        }
    }

    pub(super) fn write(&self) -> GroupInviteMessage {
        GroupInviteMessage {
            group_jid: Some(self.group.clone()),
            invite_code: Some(self.code.clone()),
            invite_expiration: self.expires,
            group_name: self.name.clone(),
            caption: self.caption.clone(),
            ..Default::default()
        }
    }
}

/// The announcement of an album; its files follow as messages of their own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Album {
    /// Pictures to come.
    pub images: u32,
    /// Videos to come.
    pub videos: u32,
}

impl Album {
    pub(super) fn read(part: &AlbumMessage) -> Self {
        Self {
            images: part.expected_image_count.unwrap_or_default(),
            videos: part.expected_video_count.unwrap_or_default(),
        }
    }

    pub(super) fn write(&self) -> AlbumMessage {
        AlbumMessage {
            expected_image_count: Some(self.images),
            expected_video_count: Some(self.videos),
            ..Default::default()
        }
    }
}

/// From now on messages of the chat disappear.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EphemeralSetting {
    /// Lifetime of a message; 0 for ever.
    pub seconds: u32,
}

/// A message that has no form of its own here; nothing of it is lost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unknown {
    /// Names of the protobuf fields of the message, or `field_<number>` for one that has no name.
    pub fields: Vec<String>,
    /// What the fields say. Cannot be sent: give the protobuf as `raw`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub value: Value,
}

/// Fields of every message that say nothing to its reader.
const NOT_SHOWN: [&str; 3] = [
    "message_context_info",
    "sender_key_distribution_message",
    "fast_ratchet_key_sender_key_distribution_message",
];

impl Unknown {
    /// `encoded` is the message's protobuf, for fields that the schema does not know.
    pub(super) fn read(message: &wa::Message, encoded: &[u8]) -> Self {
        let mut fields = Vec::new();
        let mut value = serde_json::Map::new();
        if let Ok(Value::Object(all)) = serde_json::to_value(message) {
            for (name, part) in all {
                if !part.is_null() && !NOT_SHOWN.contains(&name.as_str()) {
                    fields.push(name.clone());
                    value.insert(name, compact(part));
                }
            }
        }
        if fields.is_empty() {
            fields = numbers(encoded).map(|number| format!("field_{number}")).collect();
        }
        Self { fields, value: Value::Object(value) }
    }
}

/// The same without what is absent.
fn compact(value: Value) -> Value {
    match value {
        Value::Object(all) => Value::Object(
            all.into_iter()
                .filter(|(_, part)| !part.is_null())
                .map(|(name, part)| (name, compact(part)))
                .collect(),
        ),
        Value::Array(all) => Value::Array(all.into_iter().map(compact).collect()),
        other => other,
    }
}

/// Field numbers on the top level of a protobuf.
fn numbers(mut encoded: &[u8]) -> impl Iterator<Item = u64> {
    std::iter::from_fn(move || {
        let tag = varint(&mut encoded)?;
        let skip = match tag & 7 {
            0 => varint(&mut encoded).map(|_| 0)?,
            1 => 8,
            2 => usize::try_from(varint(&mut encoded)?).ok()?,
            5 => 4,
            _ => return None,
        };
        encoded = encoded.get(skip..)?;
        Some(tag >> 3)
    })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_without_a_name_is_named_by_its_number() {
        // field 2000, length 3; then field 1 of a newer schema's kind: fixed32
        let encoded = [0x82, 0x7d, 3, 1, 2, 3, 0x0d, 0, 0, 0, 0];
        assert_eq!(numbers(&encoded).collect::<Vec<_>>(), [2000, 1]);
        assert_eq!(Unknown::read(&wa::Message::default(), &encoded).fields, ["field_2000", "field_1"]);
        assert_eq!(numbers(&[0x82]).count(), 0, "cut off");
        assert_eq!(numbers(&[0x0a, 200]).count(), 0, "longer than what is there");
    }

    #[test]
    fn a_payment_is_unknown_with_its_name_and_content() {
        let payment = wa::message::RequestPaymentMessage {
            currency_code_iso4217: Some("EUR".into()),
            amount1000: Some(1500),
            ..Default::default()
        };
        let message = wa::Message { request_payment_message: payment.into(), ..Default::default() };
        let unknown = Unknown::read(&message, &[]);
        assert_eq!(unknown.fields, ["request_payment_message"]);
        assert_eq!(unknown.value["request_payment_message"]["amount1000"], 1500);
    }
}
