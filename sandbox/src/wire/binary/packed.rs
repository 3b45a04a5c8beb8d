//! Digits two to a byte: nibble strings (`0-9`, `-`, `.`) and hex strings (`0-9`, `A-F`).
//! The length byte counts packed bytes; its top bit says that the last half is padding.

use wacore_binary::CompactString;

/// Longest text that is packed.
const LONGEST: usize = 127;
/// Set in the length byte when the text has an odd number of characters.
const ODD: u8 = 0x80;
const PADDING: u8 = 0x0f;

/// The two alphabets; a digit's value is its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    Nibble,
    Hex,
}

impl Alphabet {
    /// The alphabet that can write `text`, nibbles first.
    pub(super) fn of(text: &str) -> Option<Self> {
        let fits = |alphabet: Self| text.bytes().all(|character| alphabet.value(character).is_some());
        if text.is_empty() || text.len() > LONGEST {
            return None;
        }
        [Self::Nibble, Self::Hex].into_iter().find(|alphabet| fits(*alphabet))
    }

    const fn characters(self) -> &'static [u8] {
        match self {
            Self::Nibble => b"0123456789-.",
            Self::Hex => b"0123456789ABCDEF",
        }
    }

    fn value(self, character: u8) -> Option<u8> {
        let at = self.characters().iter().position(|known| *known == character)?;
        u8::try_from(at).ok()
    }

    fn character(self, value: u8) -> Option<char> {
        self.characters().get(usize::from(value)).map(|character| char::from(*character))
    }

    /// Length byte and packed bytes of a text that this alphabet [fits](Self::of).
    pub(super) fn pack(self, text: &str, output: &mut Vec<u8>) {
        let value = |character: &u8| self.value(*character).unwrap_or(PADDING);
        let odd = if text.len().is_multiple_of(2) { 0 } else { ODD };
        // At most 64, see `LONGEST`.
        output.push(u8::try_from(text.len().div_ceil(2)).unwrap_or(0) | odd);
        output.extend(text.as_bytes().chunks(2).map(|pair| {
            let high = pair.first().map_or(PADDING, value);
            high << 4 | pair.get(1).map_or(PADDING, value)
        }));
    }

    /// How many bytes follow a length byte.
    pub(super) fn packed_len(length: u8) -> usize {
        usize::from(length & !ODD)
    }

    /// The text of packed bytes; `None` when one is no digit.
    pub(super) fn unpack(self, length: u8, packed: &[u8]) -> Option<CompactString> {
        let mut halves = packed.len() * 2;
        if length & ODD != 0 {
            halves = halves.saturating_sub(1);
        }
        let values = packed.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
        values.take(halves).map(|value| self.character(value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> (Alphabet, Vec<u8>) {
        let alphabet = Alphabet::of(text).expect("packable");
        let mut packed = Vec::new();
        alphabet.pack(text, &mut packed);
        let (length, bytes) = packed.split_first().expect("a length");
        assert_eq!(Alphabet::packed_len(*length), bytes.len());
        assert_eq!(alphabet.unpack(*length, bytes).as_deref(), Some(text));
        (alphabet, packed)
    }

    #[test]
    fn both_alphabets_even_and_odd() {
        assert_eq!(round_trip("12-."), (Alphabet::Nibble, vec![2, 0x12, 0xab]));
        assert_eq!(round_trip("123"), (Alphabet::Nibble, vec![0x82, 0x12, 0x3f]));
        assert_eq!(round_trip("AF"), (Alphabet::Hex, vec![1, 0xaf]));
        assert_eq!(round_trip("3EB"), (Alphabet::Hex, vec![0x82, 0x3e, 0xbf]));
        round_trip(&"7".repeat(127));
    }

    #[test]
    fn what_has_other_characters_or_is_too_long_is_not_packed() {
        for text in ["", "af", "12 ", "1A-", "é", &"7".repeat(128)] {
            assert_eq!(Alphabet::of(text), None, "{text}");
        }
    }

    #[test]
    fn only_padding_may_be_no_digit() {
        assert_eq!(Alphabet::Nibble.unpack(1, &[0xc1]), None);
        assert_eq!(Alphabet::Nibble.unpack(1, &[0x1f]), None);
        assert_eq!(Alphabet::Nibble.unpack(0x81, &[0x1c]).as_deref(), Some("1"));
        assert_eq!(Alphabet::Hex.unpack(ODD, &[]).as_deref(), Some(""));
    }
}
