//! What an account lets others see and do.
//!
//! The categories and their values are those of the clients. Whom `contacts` means, and what a
//! trusted contact's token opens, is this network's own model: see [`Account::has_contact`].

use super::account::Account;
use crate::state::PrivacyRow;

/// Something an account may keep from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    LastSeen,
    Online,
    Picture,
    About,
    GroupAdd,
    ReadReceipts,
    Calls,
    Messages,
    Defense,
    Stickers,
}

/// Values of the categories that may leave single contacts out.
const LISTED: &[&str] = &["all", "contacts", "contact_blacklist", "none"];

/// Category, its name on the wire, and its values with the default first.
const CATEGORIES: &[(Category, &str, &[&str])] = &[
    (Category::LastSeen, "last", LISTED),
    (Category::Online, "online", &["all", "match_last_seen"]),
    (Category::Picture, "profile", LISTED),
    (Category::About, "status", LISTED),
    (Category::GroupAdd, "groupadd", LISTED),
    (Category::ReadReceipts, "readreceipts", &["all", "none"]),
    (Category::Calls, "calladd", &["all", "known", "contacts"]),
    (Category::Messages, "messages", &["all", "contacts"]),
    (Category::Defense, "defense", &["off", "on_standard"]),
    (Category::Stickers, "stickers", LISTED),
];

impl Category {
    /// All categories.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        CATEGORIES.iter().map(|(category, ..)| *category)
    }

    /// The category of a name on the wire.
    pub(crate) fn named(name: &str) -> Option<Self> {
        CATEGORIES.iter().find(|(_, known, _)| *known == name).map(|(category, ..)| *category)
    }

    fn entry(self) -> (&'static str, &'static [&'static str]) {
        let entry = CATEGORIES.iter().find(|(category, ..)| *category == self);
        entry.map_or(("", LISTED), |(_, name, values)| (name, values))
    }

    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        self.entry().0
    }

    /// Whether it can have this value.
    pub(crate) fn takes(self, value: &str) -> bool {
        self.entry().1.contains(&value)
    }
}

impl Account {
    /// A setting, as chosen or by default.
    pub(crate) fn setting(&self, category: Category) -> PrivacyRow {
        let chosen = self.read(|state| state.privacy.get(category.name()).cloned());
        chosen.unwrap_or_else(|| PrivacyRow {
            value: category.entry().1.first().map(|value| (*value).to_owned()).unwrap_or_default(),
            ..PrivacyRow::default()
        })
    }

    /// Whether another account may see or do something. `trusted` is true for one that has shown
    /// a token of this account, which counts as being its contact.
    pub(crate) fn permits(&self, category: Category, peer: u64, trusted: bool) -> bool {
        if peer == self.pn {
            return true;
        }
        if self.blocks(peer) {
            return false;
        }
        let setting = self.setting(category);
        let contact = trusted || self.has_contact(peer);
        match setting.value.as_str() {
            "none" => false,
            "contacts" => contact,
            "contact_blacklist" => contact && !setting.except.contains(&peer),
            "known" => contact || self.read(|state| state.known_by.contains(&peer)),
            "match_last_seen" => self.permits(Category::LastSeen, peer, trusted),
            _ => true,
        }
    }

    /// Whether it tells others that it has read their messages.
    pub(crate) fn confirms_reading(&self) -> bool {
        self.setting(Category::ReadReceipts).value != "none"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::PrivacyRow;

    fn setting(category: Category, value: &str, except: &[u64]) -> Account {
        let account = Account::bare(1);
        account.write(|state| {
            state.contacts.extend([2, 3]);
            state.known_by.insert(4);
            state.blocked.insert(6);
            let row = PrivacyRow { value: value.to_owned(), except: except.iter().copied().collect() };
            state.privacy.insert(category.name().to_owned(), row);
        });
        account
    }

    #[test]
    fn each_value_opens_to_the_right_people() {
        // 2 and 3 are contacts, 4 has only written here, 5 is a stranger, 6 is blocked.
        let table: &[(Category, &str, &[u64], &[u64])] = &[
            (Category::Picture, "all", &[], &[1, 2, 3, 4, 5]),
            (Category::Picture, "contacts", &[], &[1, 2, 3]),
            (Category::Picture, "contact_blacklist", &[3], &[1, 2]),
            (Category::Picture, "none", &[], &[1]),
            (Category::Calls, "known", &[], &[1, 2, 3, 4]),
            (Category::Calls, "contacts", &[], &[1, 2, 3]),
        ];
        for (category, value, except, expected) in table {
            let account = setting(*category, value, except);
            let seen: Vec<u64> = (1..=6).filter(|peer| account.permits(*category, *peer, false)).collect();
            assert_eq!(seen, *expected, "{category:?} {value}");
        }
    }

    #[test]
    fn a_token_makes_a_contact_and_does_not_lift_a_block() {
        let account = setting(Category::Picture, "contacts", &[]);
        assert!(account.permits(Category::Picture, 5, true));
        assert!(!account.permits(Category::Picture, 6, true));
    }

    #[test]
    fn online_follows_last_seen_when_told_to() {
        let account = setting(Category::LastSeen, "none", &[]);
        assert!(account.permits(Category::Online, 5, false));
        account.write(|state| {
            let row = PrivacyRow { value: "match_last_seen".to_owned(), ..PrivacyRow::default() };
            state.privacy.insert("online".to_owned(), row);
        });
        assert!(!account.permits(Category::Online, 5, false));
    }

    #[test]
    fn names_find_their_category_and_defaults_are_values() {
        for category in Category::all() {
            assert_eq!(Category::named(category.name()), Some(category));
            assert!(category.takes(&Account::bare(1).setting(category).value));
        }
        assert_eq!(Category::named("colour"), None);
    }
}
