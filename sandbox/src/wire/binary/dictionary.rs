//! What differs between dictionaries: the words, and the byte that stands for a server in an
//! address with a device.

use std::collections::HashMap;
use std::sync::LazyLock;

use wacore_binary::Server;
use wacore_binary::token::{TokenKind, get_double_token, get_single_token, index_of_token};

use super::super::prologue::Dictionary;

/// Words with a number of one byte.
const SINGLES: usize = 236;
/// Words in each of the tables with a second byte.
const DOUBLES: usize = 256;

/// Dictionary 2, one word per line: 236 of one byte (the first is empty), then four tables of 256.
/// It is the list that Baileys 6.17.16 carries, written by `tests/foreign/baileys6/dictionary.mjs`.
const DICTIONARY_2: &str = include_str!("dictionary2.txt");

static V2: LazyLock<Words> = LazyLock::new(|| Words::read(DICTIONARY_2));

struct Words {
    in_order: Vec<&'static str>,
    numbers: HashMap<&'static str, usize>,
}

impl Words {
    fn read(list: &'static str) -> Self {
        let in_order: Vec<_> = list.lines().collect();
        let numbers = in_order.iter().enumerate().skip(1).map(|(number, word)| (*word, number)).collect();
        Self { in_order, numbers }
    }

    fn kind(&self, text: &str) -> Option<TokenKind> {
        let number = *self.numbers.get(text)?;
        let Some(double) = number.checked_sub(SINGLES) else {
            return Some(TokenKind::Single(u8::try_from(number).ok()?));
        };
        let table = u8::try_from(double / DOUBLES).ok()?;
        Some(TokenKind::Double(table, u8::try_from(double % DOUBLES).ok()?))
    }
}

impl Dictionary {
    /// The word with a number of one byte.
    pub(super) fn single(self, number: u8) -> Option<&'static str> {
        match self {
            Self::V2 => V2.in_order.get(..SINGLES)?.get(usize::from(number)).copied(),
            Self::V3 => get_single_token(number),
        }
    }

    /// The word with this number in table 0 to 3.
    pub(super) fn double(self, table: u8, number: u8) -> Option<&'static str> {
        match self {
            Self::V2 => {
                let at = SINGLES + usize::from(table) * DOUBLES + usize::from(number);
                V2.in_order.get(at).copied()
            }
            Self::V3 => get_double_token(table, number),
        }
    }

    /// The number of a word.
    pub(super) fn number(self, text: &str) -> Option<TokenKind> {
        match self {
            Self::V2 => V2.kind(text),
            Self::V3 => index_of_token(text),
        }
    }

    /// The server that a domain byte stands for. Clients with dictionary 2 know two of them and
    /// take every other byte for the second.
    pub(super) fn server(self, domain: u8) -> Option<Server> {
        Some(match (self, domain) {
            (_, 0) => Server::Pn,
            (Self::V2, _) | (Self::V3, 1) => Server::Lid,
            (Self::V3, 129) => Server::HostedLid,
            (Self::V3, even) if even >= 128 && even % 2 == 0 => Server::Hosted,
            (Self::V3, _) => return None,
        })
    }

    /// The domain byte of a server; `None` when it has none and the address is spelled out.
    pub(super) fn domain(self, server: Server) -> Option<u8> {
        match (self, server) {
            (_, Server::Pn) => Some(0),
            (_, Server::Lid) => Some(1),
            (Self::V3, Server::Hosted) => Some(128),
            (Self::V3, Server::HostedLid) => Some(129),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_list_is_whole_and_every_word_finds_its_number() {
        assert_eq!(V2.in_order.len(), SINGLES + 4 * DOUBLES);
        assert_eq!(V2.numbers.len(), V2.in_order.len() - 1, "a word stands twice");
        for dictionary in [Dictionary::V2, Dictionary::V3] {
            for number in 1..=255 {
                let Some(word) = dictionary.single(number) else { continue };
                assert_eq!(dictionary.number(word), Some(TokenKind::Single(number)), "{word}");
            }
            for (table, number) in (0..4).flat_map(|table| (0..=255).map(move |number| (table, number))) {
                let Some(word) = dictionary.double(table, number) else { continue };
                assert_eq!(dictionary.number(word), Some(TokenKind::Double(table, number)), "{word}");
            }
            assert_eq!(dictionary.number(""), None);
            assert_eq!(dictionary.number("no such word"), None);
            assert_eq!(dictionary.single(236), None);
            assert_eq!(dictionary.double(4, 0), None);
        }
    }

    #[test]
    fn a_server_comes_back_from_its_domain_byte() {
        for dictionary in [Dictionary::V2, Dictionary::V3] {
            for server in [Server::Pn, Server::Lid, Server::Hosted, Server::HostedLid, Server::Group] {
                let Some(domain) = dictionary.domain(server) else { continue };
                assert_eq!(dictionary.server(domain), Some(server));
            }
        }
        assert_eq!(Dictionary::V2.server(200), Some(Server::Lid));
        assert_eq!(Dictionary::V3.server(2), None);
    }
}
