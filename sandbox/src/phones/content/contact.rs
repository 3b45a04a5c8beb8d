//! Contact cards.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::{ContactMessage, ContactsArrayMessage};

/// Contact cards; more than one travel as an array.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contacts {
    /// The cards, at least one.
    pub cards: Vec<SharedContact>,
}

/// One contact card.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedContact {
    /// Shown name.
    pub name: String,
    /// Phone number, digits. When sending, a card is made of it unless `vcard` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The card itself, version 3.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcard: Option<String>,
}

impl Contacts {
    pub(super) fn one(part: &ContactMessage) -> Self {
        Self { cards: vec![SharedContact::read(part)] }
    }

    pub(super) fn many(part: &ContactsArrayMessage) -> Self {
        Self { cards: part.contacts.iter().map(SharedContact::read).collect() }
    }

    pub(super) fn write(&self) -> wa::Message {
        if let [card] = self.cards.as_slice() {
            return wa::Message { contact_message: card.write().into(), ..Default::default() };
        }
        let first = self.cards.first().map(|card| card.name.clone()).unwrap_or_default();
        let array = ContactsArrayMessage {
            display_name: Some(first),
            contacts: self.cards.iter().map(SharedContact::write).collect(),
            ..Default::default()
        };
        wa::Message { contacts_array_message: array.into(), ..Default::default() }
    }
}

impl SharedContact {
    fn read(part: &ContactMessage) -> Self {
        Self {
            name: part.display_name.clone().unwrap_or_default(),
            number: part.vcard.as_deref().and_then(number_in),
            vcard: part.vcard.clone(),
        }
    }

    fn write(&self) -> ContactMessage {
        let vcard = self.vcard.clone().unwrap_or_else(|| {
            let (name, number) = (&self.name, self.number.as_deref().unwrap_or_default());
            format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;type=CELL;waid={number}:+{number}\nEND:VCARD")
        });
        ContactMessage { display_name: Some(self.name.clone()), vcard: Some(vcard), ..Default::default() }
    }
}

/// Digits of the first number of a card.
fn number_in(vcard: &str) -> Option<String> {
    let line = vcard.lines().find(|line| line.contains("TEL"))?;
    let (_, number) = line.rsplit_once(':')?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_made_of_a_number_has_that_number() {
        let card =
            SharedContact { name: "Ada".into(), number: Some("491700000001".into()), ..Default::default() };
        let read = SharedContact::read(&card.write());
        assert_eq!((read.name, read.number), (card.name, card.number));
        assert_eq!(number_in("BEGIN:VCARD\nFN:x\nEND:VCARD"), None);
    }
}
