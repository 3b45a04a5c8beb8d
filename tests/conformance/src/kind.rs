//! The client libraries under test.

use std::path::{Path, PathBuf};

/// Where the script that plays it lives.
const FOREIGN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../foreign");

/// Which library plays a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// whatsapp-rust, configured as the connector configures it.
    Ours,
    /// Baileys 7.
    Baileys7,
    /// Baileys 6, which speaks the older dictionary.
    Baileys6,
}

impl Kind {
    /// Folder of the script that plays it, when a Node process does.
    pub(crate) fn script(self) -> Option<PathBuf> {
        match self {
            Self::Ours => None,
            Self::Baileys7 => Some(PathBuf::from(FOREIGN)),
            Self::Baileys6 => Some(Path::new(FOREIGN).join("baileys6")),
        }
    }

    /// How it is called in names of tests and in the table of scenarios.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Baileys7 => "b7",
            Self::Baileys6 => "b6",
        }
    }
}
