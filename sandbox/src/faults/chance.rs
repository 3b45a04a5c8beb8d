//! Chance that can be repeated.

use sha2::{Digest, Sha256};

/// A number in [0, 1) that depends on nothing but its arguments; the same on every machine.
pub(super) fn chance(of: &[u64]) -> f64 {
    // 53 bits are what a float holds exactly.
    (draw(of) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number that depends on nothing but its arguments.
pub(super) fn draw(of: &[u64]) -> u64 {
    let mut hash = Sha256::new();
    for part in of {
        hash.update(part.to_be_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Shuffles, and never into the order that was there before.
pub(super) fn shuffle<T>(items: &mut [T], seed: u64) {
    if items.len() < 2 {
        return;
    }
    let mut moved = false;
    for last in (1..items.len()).rev() {
        let choices = last as u64 + 1;
        let other = usize::try_from(draw(&[seed, last as u64]) % choices).unwrap_or(0);
        moved |= other != last;
        items.swap(last, other);
    }
    if !moved {
        items.rotate_left(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_even_and_repeatable() {
        assert_eq!(draw(&[1, 2]), draw(&[1, 2]));
        assert_ne!(draw(&[1, 2]), draw(&[2, 1]));
        let hits = (0..10_000).filter(|n| chance(&[7, *n]) < 0.25).count();
        assert!((2300..2700).contains(&hits), "{hits}");
    }

    #[test]
    fn shuffling_changes_the_order_and_nothing_else() {
        for seed in 0..200 {
            for length in 2..5 {
                let before: Vec<usize> = (0..length).collect();
                let mut after = before.clone();
                shuffle(&mut after, seed);
                assert_ne!(before, after, "seed {seed}");
                after.sort_unstable();
                assert_eq!(before, after);
            }
        }
    }
}
