//! How many sessions are a connector's fair share. Pure.

/// What a connector should do about the number of sessions it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Balance {
    /// It may take so many more.
    Take(usize),
    /// It should hand over so many.
    Give(usize),
}

/// Compares what is held with the fair share: all wanted sessions over all connectors alive, rounded up.
pub(super) fn balance(wanted: usize, alive: usize, held: usize) -> Balance {
    let share = wanted.div_ceil(alive.max(1));
    if held > share { Balance::Give(held - share) } else { Balance::Take(share - held) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_fair_and_cover_everything() {
        for (wanted, alive, held, expected) in [
            (0, 1, 0, Balance::Take(0)),
            (10, 1, 0, Balance::Take(10)),
            (10, 2, 0, Balance::Take(5)),
            (10, 3, 4, Balance::Take(0)),
            (3, 2, 3, Balance::Give(1)),
            (10, 2, 10, Balance::Give(5)),
            // our own heartbeat has not arrived yet
            (4, 0, 0, Balance::Take(4)),
        ] {
            assert_eq!(balance(wanted, alive, held), expected, "{wanted} over {alive}, holding {held}");
        }
        for wanted in 0..50_usize {
            for alive in 1..10 {
                let Balance::Take(share) = balance(wanted, alive, 0) else { panic!("nothing held") };
                assert!(share * alive >= wanted, "{wanted} sessions are not covered by {alive}");
            }
        }
    }
}
