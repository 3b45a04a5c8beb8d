//! A row in memory that knows whether it has to be written.

/// What the database knows of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stored,
    Changed,
    New,
}

/// A row and whether it has to be written.
#[derive(Debug, Clone)]
pub(super) struct Tracked<T> {
    row: T,
    fate: Fate,
}

impl<T> Tracked<T> {
    /// As the database has it.
    pub(super) const fn stored(row: T) -> Self {
        Self { row, fate: Fate::Stored }
    }

    /// Not in the database yet.
    pub(super) const fn new(row: T) -> Self {
        Self { row, fate: Fate::New }
    }

    pub(super) const fn row(&self) -> &T {
        &self.row
    }

    /// For changing; counts as changed from now on.
    pub(super) fn change(&mut self) -> &mut T {
        if self.fate == Fate::Stored {
            self.fate = Fate::Changed;
        }
        &mut self.row
    }

    /// The row, when the database has to learn of it for the first time.
    pub(super) fn if_new(&self) -> Option<&T> {
        (self.fate == Fate::New).then_some(&self.row)
    }

    /// The row, when the database has an older form of it.
    pub(super) fn if_changed(&self) -> Option<&T> {
        (self.fate == Fate::Changed).then_some(&self.row)
    }
}
