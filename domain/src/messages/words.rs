//! Texts as words, the same way for what is searched and for what is searched for.
//!
//! Case and accents do not count (`Café` is `cafe`, Arabic vowel marks are dropped). Where words are written without
//! spaces every character is a word, and so is every emoji: a phrase finds them together.

use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};

/// Words of one text that can be found; what comes after them cannot.
const MOST_WORDS: usize = 10_000;
/// Longest word in characters; the rest of a longer one does not count.
const LONGEST_WORD: usize = 64;
/// Words of one search.
const MOST_SOUGHT: usize = 32;

/// What is searched for: every phrase has to be there, each with its words in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought(Vec<Vec<String>>);

impl Sought {
    /// Reads what a person typed: words, and phrases in double quotes. Nothing else has a meaning. `None` when
    /// there is no word in it.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut left = MOST_SOUGHT;
        let mut phrases = Vec::new();
        // the parts at odd places stand in quotes
        for (place, part) in text.split(['"', '“', '”', '„']).enumerate() {
            let pieces: Vec<&str> =
                if place % 2 == 1 { vec![part] } else { part.split_whitespace().collect() };
            for piece in pieces {
                let mut phrase = words(piece);
                phrase.truncate(left);
                left -= phrase.len();
                if !phrase.is_empty() {
                    phrases.push(phrase);
                }
            }
        }
        (!phrases.is_empty()).then_some(Self(phrases))
    }

    /// The phrases; words consist of letters and digits only.
    #[must_use]
    pub fn phrases(&self) -> &[Vec<String>] {
        &self.0
    }
}

/// The words of a text, folded.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let end = |word: &mut String, words: &mut Vec<String>| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    for character in fold(text).chars() {
        if words.len() >= MOST_WORDS {
            break;
        }
        if is_word_by_itself(character) {
            end(&mut word, &mut words);
            words.push(written(character));
        } else if !character.is_alphanumeric() {
            end(&mut word, &mut words);
        } else if word.chars().count() < LONGEST_WORD {
            word.push(character);
        }
    }
    end(&mut word, &mut words);
    words.truncate(MOST_WORDS);
    words
}

/// A text without case, accents and forms of writing.
#[must_use]
pub fn fold(text: &str) -> String {
    let bare = text.nfkd().filter(|character| canonical_combining_class(*character) == 0);
    bare.flat_map(char::to_lowercase).nfc().collect()
}

/// Characters of scripts without spaces, and emoji.
const fn is_word_by_itself(character: char) -> bool {
    is_emoji(character)
        || matches!(character,
            '\u{0e01}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17b3}'
            | '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}')
}

const fn is_emoji(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27bf}' | '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f300}'..='\u{1faff}')
}

/// Databases take emoji for the space between words, so they are written with letters.
fn written(character: char) -> String {
    if is_emoji(character) { format!("u{:x}", u32::from(character)) } else { character.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_words() {
        for (text, expected) in [
            ("Hello, World!", vec!["hello", "world"]),
            ("Café CRÈME naïve Straße", vec!["cafe", "creme", "naive", "straße"]),
            ("Cafe\u{301}", vec!["cafe"]),
            ("مُحَمَّد  السلام", vec!["محمد", "السلام"]),
            ("Ελλάδα Ёлка", vec!["ελλαδα", "елка"]),
            ("order-17 #A4", vec!["order", "17", "a4"]),
            ("你好 world", vec!["你", "好", "world"]),
            ("ok👍🏽done", vec!["ok", "u1f44d", "u1f3fd", "done"]),
            ("' \" * ( ) \0 -- ;", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        assert_eq!(words(&"x".repeat(10_000)), ["x".repeat(LONGEST_WORD)]);
        assert_eq!(words(&"x ".repeat(20_000)).len(), MOST_WORDS);
    }

    #[test]
    fn what_is_typed_becomes_words_and_phrases() {
        for (text, expected) in [
            ("two words", vec![vec!["two"], vec!["words"]]),
            ("\"two words\" more", vec![vec!["two", "words"], vec!["more"]]),
            ("\"not closed", vec![vec!["not", "closed"]]),
            ("a\"", vec![vec!["a"]]),
            ("NEAR(a b) OR c*", vec![vec!["near", "a"], vec!["b"], vec!["or"], vec!["c"]]),
            ("'); DROP TABLE messages; --", vec![vec!["drop"], vec!["table"], vec!["messages"]]),
            ("+62 812-34", vec![vec!["62"], vec!["812", "34"]]),
        ] {
            assert_eq!(Sought::read(text).unwrap().phrases(), expected, "{text}");
        }
        for nothing in ["", "  ", "\"", "\"\"", "*", "()", "' -- ;"] {
            assert_eq!(Sought::read(nothing), None, "{nothing}");
        }
        let many = Sought::read(&"w ".repeat(500)).unwrap();
        assert_eq!(many.phrases().len(), MOST_SOUGHT);
    }
}
