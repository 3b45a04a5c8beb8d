//! Weather: random faults that come again with the same seed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::invalid::Invalid;

/// A weather that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// No faults.
    Calm,
    /// Late stanzas, now and then a copy or a lost ack.
    Drizzle,
    /// Everything, often: connections that break, errors, damaged ciphertexts.
    Storm,
}

/// How likely each kind of fault is per stanza (or file); from 0 to 1, together up to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Chances {
    /// A late stanza, in order.
    pub delay: f64,
    /// A late stanza that is overtaken.
    pub overtake: f64,
    /// A stanza twice.
    pub duplicate: f64,
    /// A few stanzas shuffled.
    pub reorder: f64,
    /// A lost ack of the server.
    pub lose_ack: f64,
    /// A lost stanza, acks aside.
    pub drop: f64,
    /// A message refused with 503.
    pub nack: f64,
    /// An IQ answered with 500.
    pub iq_error: f64,
    /// A damaged ciphertext.
    pub damage_enc: f64,
    /// A stream error 503.
    pub stream_error: f64,
    /// A socket that is gone.
    pub close: f64,
    /// A socket that stays, with nothing behind it.
    pub half_open: f64,
    /// A file refused with 503.
    pub media: f64,
}

/// The weather: a seed, chances, and whom it touches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Weather {
    /// The same seed, traffic and chances give the same faults.
    #[serde(default)]
    pub seed: u64,
    /// How likely each kind is.
    #[serde(default)]
    pub chances: Chances,
    /// Longest delay in milliseconds.
    #[serde(default = "usual_delay")]
    pub delay_ms: u64,
    /// Phone numbers it touches; all unless given.
    #[serde(default)]
    pub numbers: Vec<String>,
}

fn usual_delay() -> u64 {
    500
}

impl Preset {
    /// This weather with a seed.
    #[must_use]
    pub fn weather(self, seed: u64) -> Weather {
        let chances = match self {
            Self::Calm => Chances::default(),
            Self::Drizzle => {
                Chances { delay: 0.10, overtake: 0.02, duplicate: 0.02, lose_ack: 0.01, ..Chances::default() }
            }
            Self::Storm => Chances {
                delay: 0.20,
                overtake: 0.05,
                duplicate: 0.05,
                reorder: 0.02,
                lose_ack: 0.05,
                drop: 0.01,
                nack: 0.03,
                iq_error: 0.03,
                damage_enc: 0.03,
                stream_error: 0.002,
                close: 0.005,
                half_open: 0.001,
                media: 0.10,
            },
        };
        Weather { seed, chances, delay_ms: usual_delay(), numbers: Vec::new() }
    }
}

impl Chances {
    pub(super) fn all(&self) -> [(&'static str, f64); 13] {
        [
            ("delay", self.delay),
            ("overtake", self.overtake),
            ("duplicate", self.duplicate),
            ("reorder", self.reorder),
            ("lose_ack", self.lose_ack),
            ("drop", self.drop),
            ("nack", self.nack),
            ("iq_error", self.iq_error),
            ("damage_enc", self.damage_enc),
            ("stream_error", self.stream_error),
            ("close", self.close),
            ("half_open", self.half_open),
            ("media", self.media),
        ]
    }
}

impl Weather {
    /// Refuses impossible chances; returns their sum.
    pub(super) fn check(&self) -> Result<f64, Invalid> {
        for (kind, chance) in self.chances.all() {
            if !(0.0..=1.0).contains(&chance) {
                let field = format!("chances.{kind}");
                return Err(Invalid::new(field, "This is not a probability.", "Give 0 to 1."));
            }
        }
        let sum: f64 = self.chances.all().iter().map(|(_, chance)| chance).sum();
        if sum > 1.0 {
            return Err(Invalid::new("chances", "Together they exceed 1.", "Lower some of them."));
        }
        Ok(sum)
    }
}
