//! What a phone does by itself: when it reads, what it answers, what it shows.

mod draft;
mod perform;
mod plan;
mod runner;
mod script;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use draft::{FileDraft, MessageDraft};
pub(super) use plan::{Occasion, Plan};
pub(super) use runner::{Runner, StoredPlan};
pub use script::{Afterwards, OnCall, Script, ScriptedReply};

/// When the phone marks an incoming message as read by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadBehaviour {
    /// Only when told to.
    #[default]
    Never,
    /// Right after the delivery receipt.
    Immediately,
    /// This many milliseconds after the delivery receipt.
    AfterMs(u32),
}

impl ReadBehaviour {
    /// Milliseconds after the delivery receipt; `None` for never.
    fn after(self) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::Immediately => Some(0),
            Self::AfterMs(ms) => Some(u64::from(ms)),
        }
    }
}

/// What a phone does by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// When the phone reads.
    pub read: ReadBehaviour,
    /// What the phone answers.
    pub script: Script,
    /// Whether it shows itself as online while it reads and answers.
    pub online: bool,
    /// Whether it acknowledges messages without opening them, for load tests. Senders start over
    /// by retry receipts when it opens messages again.
    pub sink: bool,
    /// A sink opens one message in so many all the same, chosen by message id; none when 0.
    pub sample: u32,
}
