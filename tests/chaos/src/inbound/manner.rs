//! How the receiver answers: decided by the seed alone, for every try of every message.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Requests to one webhook from one bad spell to the next.
const FROM_SPELL_TO_SPELL: u64 = 160;
/// Requests that are refused in a bad spell: more in a row than it takes to leave an endpoint in peace.
const SPELL: u64 = 12;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Manner {
    /// 200.
    Takes,
    /// 500.
    Fails,
    /// No answer, as long as the caller waits.
    Hangs,
    /// The connection is reset.
    Resets,
    /// 429 and `Retry-After`.
    Later,
}

impl Manner {
    pub(super) const ALL: [Self; 5] = [Self::Takes, Self::Fails, Self::Hangs, Self::Resets, Self::Later];

    /// What becomes of this try (from 0) of a message, the `nth` request (from 0) to a webhook.
    pub(super) fn of(seed: u64, text: &str, attempt: u32, nth: u64) -> Self {
        if (nth + seed % FROM_SPELL_TO_SPELL) % FROM_SPELL_TO_SPELL >= FROM_SPELL_TO_SPELL - SPELL {
            return Self::Fails;
        }
        let mut hasher = DefaultHasher::new();
        (seed, text, attempt).hash(&mut hasher);
        match StdRng::seed_from_u64(hasher.finish()).random_range(0..100) {
            0..5 => Self::Fails,
            5..7 => Self::Hangs,
            7..11 => Self::Resets,
            11..14 => Self::Later,
            _ => Self::Takes,
        }
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Takes => "200",
            Self::Fails => "500",
            Self::Hangs => "no answer",
            Self::Resets => "connection reset",
            Self::Later => "429 with Retry-After",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_seed_decides_everything_and_most_is_taken() {
        let manners = |seed| -> Vec<Manner> {
            (0_u32..1_000).map(|n| Manner::of(seed, &format!("text {n}"), n % 3, n.into())).collect()
        };
        assert_eq!(manners(7), manners(7));
        assert_ne!(manners(7), manners(8));
        let mut counts: BTreeMap<Manner, usize> = BTreeMap::new();
        manners(7).into_iter().for_each(|manner| *counts.entry(manner).or_default() += 1);
        assert_eq!(counts.len(), Manner::ALL.len(), "{counts:?}");
        assert!(counts[&Manner::Takes] > 700, "{counts:?}");
    }

    #[test]
    fn bad_spells_come_and_end() {
        let in_spell = |nth| (0..5_u32).all(|n| Manner::of(3, &format!("{n}"), 0, nth) == Manner::Fails);
        let spells = (0..FROM_SPELL_TO_SPELL).filter(|nth| in_spell(*nth)).count();
        assert_eq!(spells, usize::try_from(SPELL).unwrap());
    }
}
