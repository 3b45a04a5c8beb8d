//! The client libraries under test.

/// Which library plays a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// whatsapp-rust, configured as the connector configures it.
    Ours,
    /// Baileys 7.
    Baileys7,
}

impl Kind {
    /// How it is called in names of tests and in the table of scenarios.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Baileys7 => "b7",
        }
    }
}
