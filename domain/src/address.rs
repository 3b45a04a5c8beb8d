//! Who a message goes to: a phone number or one of WhatsApp's JIDs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A canonical address: `<digits>@s.whatsapp.net`, `<digits>@lid`, `<id>@g.us` or `<id>@newsletter`,
/// without a device part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    user: String,
    server: Server,
}

/// The kinds of address a message can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// A phone number (PN).
    Pn,
    /// A LID, WhatsApp's number-hiding identity.
    Lid,
    /// A group or community.
    Group,
    /// A channel.
    Newsletter,
}

impl Server {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Pn, "s.whatsapp.net"),
        (Self::Lid, "lid"),
        (Self::Group, "g.us"),
        (Self::Newsletter, "newsletter"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(server, _)| *server == self).map_or("", |(_, name)| name)
    }
}

/// Why a text is no address; the text says what would be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// Not a number of a known country and a possible length.
    #[error("is not a phone number in international form")]
    BadNumber,
    /// A JID of a server that messages cannot be sent to.
    #[error("is not a WhatsApp address")]
    BadJid,
}

impl BadAddress {
    /// What to send instead.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        "send a number with its country code (+6281234567890) or a JID ending in @s.whatsapp.net, @c.us, @lid, @g.us or @newsletter"
    }
}

impl Address {
    /// The address of a phone number given as digits.
    #[must_use]
    pub fn pn(digits: impl Into<String>) -> Self {
        Self { user: digits.into(), server: Server::Pn }
    }

    /// The address of a LID given as digits.
    #[must_use]
    pub fn lid(digits: impl Into<String>) -> Self {
        Self { user: digits.into(), server: Server::Lid }
    }

    /// The part before the `@`.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The kind of address.
    #[must_use]
    pub const fn server(&self) -> Server {
        self.server
    }

    /// Whether this is one person rather than a group or channel.
    #[must_use]
    pub const fn is_person(&self) -> bool {
        matches!(self.server, Server::Pn | Server::Lid)
    }

    /// Reads an address as it is written, without asking whether its number can exist: WhatsApp knows
    /// numbers that we do not.
    #[must_use]
    pub fn from_canonical(text: &str) -> Option<Self> {
        let (user, server) = text.split_once('@')?;
        let (server, _) = Server::ALL.into_iter().find(|(_, name)| *name == server)?;
        let shaped = (1..=64).contains(&user.len()) && user.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        shaped.then(|| Self { user: user.to_owned(), server })
    }

    /// Reads a phone number: digits with or without `+`, spaces, dots, dashes and parentheses allowed.
    ///
    /// # Errors
    /// [`BadAddress::BadNumber`] when the country code or the length is impossible.
    pub fn parse_number(text: &str) -> Result<Self, BadAddress> {
        let digits: String =
            text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '+')).collect();
        if digits.is_empty() {
            return Err(BadAddress::Empty);
        }
        let misplaced_plus = text.trim_start().rfind('+').is_some_and(|at| at > 0);
        let possible = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if misplaced_plus || !possible || phonenumber::parse(None, format!("+{digits}")).is_err() {
            return Err(BadAddress::BadNumber);
        }
        Ok(Self::pn(digits))
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        let Some((user, server)) = text.split_once('@') else {
            return Self::parse_number(text);
        };
        if server == "c.us" || server == "s.whatsapp.net" {
            return Self::parse_number(user.split(':').next().unwrap_or(user));
        }
        let (server, _) =
            Server::ALL.into_iter().find(|(_, name)| *name == server).ok_or(BadAddress::BadJid)?;
        let user = user.split(':').next().unwrap_or(user);
        let shaped =
            !user.is_empty() && user.len() <= 64 && user.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        if !shaped {
            return Err(BadAddress::BadJid);
        }
        Ok(Self { user: user.to_owned(), server })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.server.name())
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_canonical(&text).map_or_else(|| text.parse(), Ok).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_send() {
        for (text, expected) in [
            ("+6281234567890", "6281234567890@s.whatsapp.net"),
            ("6281234567890", "6281234567890@s.whatsapp.net"),
            ("+62 812-3456-7890", "6281234567890@s.whatsapp.net"),
            ("6281234567890@c.us", "6281234567890@s.whatsapp.net"),
            ("6281234567890:3@s.whatsapp.net", "6281234567890@s.whatsapp.net"),
            ("123456789012345@lid", "123456789012345@lid"),
            ("120363000000000001@g.us", "120363000000000001@g.us"),
            ("4915112345678-1600000000@g.us", "4915112345678-1600000000@g.us"),
            ("120363000000000009@newsletter", "120363000000000009@newsletter"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_was_written_reads_back_whatever_the_number() {
        for address in [Address::pn("62811"), Address::pn("13135550002"), Address::lid("1")] {
            let json = serde_json::to_string(&address).unwrap();
            assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
        }
        assert!(serde_json::from_str::<Address>("\"nobody@s.whatsapp.net\"").is_err());
    }

    #[test]
    fn refuses_what_is_no_address() {
        for (text, why) in [
            ("", BadAddress::Empty),
            ("hello", BadAddress::BadNumber),
            ("12", BadAddress::BadNumber),
            ("62+81234567890", BadAddress::BadNumber),
            ("+00012345678", BadAddress::BadNumber),
            ("1234567890123456", BadAddress::BadNumber),
            ("someone@example.com", BadAddress::BadJid),
            ("@g.us", BadAddress::BadJid),
            ("status@broadcast", BadAddress::BadJid),
        ] {
            assert_eq!(text.parse::<Address>(), Err(why), "{text}");
        }
    }
}
