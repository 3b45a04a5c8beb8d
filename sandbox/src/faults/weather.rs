//! Weather: random faults that come again with the same seed.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::board::Hit;
use super::chance::{chance, draw};
use super::effect::{Closing, Effect, StreamError};
use super::invalid::Invalid;
use super::point::{Subject, Whom};
use crate::nodes::is;
use crate::state::DeviceKey;
use crate::trace::Direction;

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
    fn all(&self) -> [(&'static str, f64); 13] {
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

/// Stanzas without which there is no session at all; the weather spares them.
const SPARED: [&str; 5] = ["success", "failure", "stream:error", "xmlstreamend", "ib"];

/// The effect that a draw between 0 and 1 means for a stanza or file; each kind has its slice.
fn drawn(weather: &Weather, phone: bool, subject: &Subject<'_>, at: f64, detail: u64) -> Option<Effect> {
    let mut left = at;
    for (kind, chance) in weather.chances.all() {
        if left < chance {
            return effect(kind, weather, detail).filter(|_| applies(kind, phone, subject));
        }
        left -= chance;
    }
    None
}

fn applies(kind: &str, phone: bool, subject: &Subject<'_>) -> bool {
    let Subject::Stanza { way, node } = subject else {
        return kind == "media" && matches!(subject, Subject::Media { .. });
    };
    let tag = node.tag.as_ref();
    if SPARED.contains(&tag) {
        return false;
    }
    let inwards = *way == Direction::In;
    match kind {
        "delay" | "duplicate" => true,
        "overtake" | "reorder" | "stream_error" | "close" | "half_open" => !phone,
        "drop" => !phone && tag != "ack",
        "lose_ack" => !inwards && tag == "ack",
        "nack" => inwards && tag == "message",
        "iq_error" => inwards && tag == "iq" && (is(node, "type", "get") || is(node, "type", "set")),
        "damage_enc" => !inwards && tag == "message",
        _ => false,
    }
}

fn effect(kind: &str, weather: &Weather, detail: u64) -> Option<Effect> {
    let ms = 1 + detail % weather.delay_ms.max(1);
    Some(match kind {
        "delay" => Effect::Delay { ms, keep_order: true },
        "overtake" => Effect::Delay { ms, keep_order: false },
        "duplicate" => Effect::Duplicate,
        "reorder" => Effect::Reorder { hold: 2 + usize::try_from(detail % 4).unwrap_or(0) },
        "drop" | "lose_ack" => Effect::Drop,
        "nack" => Effect::Nack { code: 503 },
        "iq_error" => Effect::IqError { code: 500, text: None, wait_seconds: None },
        "damage_enc" => Effect::DamageEnc,
        "stream_error" => Effect::StreamError { error: StreamError::Unavailable, deliver: false },
        "close" => Effect::Close { how: Closing::Drop, deliver: false },
        "half_open" => Effect::HalfOpen { deliver: false },
        "media" => Effect::MediaStatus { status: 503 },
        _ => return None,
    })
}

/// The weather and how many stanzas of each device it has seen.
#[derive(Default)]
pub(super) struct Sky {
    weather: Option<Weather>,
    numbers: Vec<u64>,
    seen: HashMap<(DeviceKey, u64), u64>,
}

impl Sky {
    /// Changes the weather; it begins from the start of its seed.
    pub(super) fn set(&mut self, weather: Weather) -> Result<(), Invalid> {
        let sum: f64 = weather.chances.all().iter().map(|(_, chance)| chance).sum();
        for (kind, chance) in weather.chances.all() {
            if !(0.0..=1.0).contains(&chance) {
                let field = format!("chances.{kind}");
                return Err(Invalid::new(field, "This is not a probability.", "Give 0 to 1."));
            }
        }
        if sum > 1.0 {
            return Err(Invalid::new("chances", "Together they exceed 1.", "Lower some of them."));
        }
        let read = |(index, number): (usize, &String)| {
            number.trim().trim_start_matches('+').parse().map_err(|_| {
                let field = format!("numbers.{index}");
                Invalid::new(field, format!("{number:?} is not a phone number."), "Give its digits.")
            })
        };
        let numbers = weather.numbers.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        *self = Self { weather: (sum > 0.0).then_some(weather), numbers, seen: HashMap::new() };
        Ok(())
    }

    pub(super) fn is_calm(&self) -> bool {
        self.weather.is_none()
    }

    pub(super) fn weather(&self) -> Weather {
        self.weather.clone().unwrap_or_else(|| Preset::Calm.weather(0))
    }

    /// What the weather does to something; the same for the same seed, device and number.
    pub(super) fn decide(&mut self, whom: Whom, subject: &Subject<'_>) -> Option<Hit> {
        let weather = self.weather.as_ref()?;
        let device = whom.device?;
        if !self.numbers.is_empty() && !self.numbers.contains(&device.pn) {
            return None;
        }
        // Each direction has a count of its own: how the two mix depends on the moment.
        let lane = match subject {
            Subject::Stanza { way: Direction::In, .. } => 1,
            Subject::Stanza { way: Direction::Out, .. } => 2,
            Subject::Media { .. } => 3,
            Subject::Login | Subject::Handshake | Subject::Bundle => return None,
        };
        let count = self.seen.entry((device, lane)).or_default();
        *count += 1;
        let of = |salt| [weather.seed, device.pn, u64::from(device.device), lane, *count, salt];
        let effect = drawn(weather, device.is_phone(), subject, chance(&of(1)), draw(&of(2)))?;
        Some(Hit { fault: 0, name: effect.name(), effect })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wacore_binary::builder::NodeBuilder;

    fn run(weather: &Weather, device: u16) -> Vec<Option<Effect>> {
        let mut sky = Sky::default();
        sky.set(weather.clone()).expect("weather");
        let node = NodeBuilder::new("message").attr("id", "X").build();
        let whom = Whom { connection: Some(1), device: Some(DeviceKey { pn: 49_151, device }) };
        let subject = Subject::Stanza { way: Direction::Out, node: &node };
        (0..2000).map(|_| sky.decide(whom, &subject).map(|hit| hit.effect)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_and_another_gives_others() {
        let storm = run(&Preset::Storm.weather(7), 1);
        assert_eq!(storm, run(&Preset::Storm.weather(7), 1));
        assert_ne!(storm, run(&Preset::Storm.weather(8), 1));
        assert_ne!(storm, run(&Preset::Storm.weather(7), 2));
    }

    #[test]
    fn kinds_come_as_often_as_they_shall() {
        let storm = run(&Preset::Storm.weather(1), 1);
        let delayed = storm.iter().filter(|e| matches!(e, Some(Effect::Delay { keep_order: true, .. })));
        assert!((300..500).contains(&delayed.count()), "a fifth of 2000");
        assert!(!storm.contains(&Some(Effect::Nack { code: 503 })), "nothing outgoing is refused");
        assert!(run(&Preset::Calm.weather(1), 1).iter().all(Option::is_none));
    }

    #[test]
    fn a_phone_loses_nothing_and_has_no_socket() {
        let kinds = run(&Preset::Storm.weather(3), 0);
        assert!(kinds.iter().flatten().all(|e| !e.needs_socket() && *e != Effect::Drop));
        assert!(kinds.iter().any(Option::is_some));
    }

    #[test]
    fn a_login_is_spared() {
        let mut sky = Sky::default();
        let chances = Chances { drop: 1.0, ..Chances::default() };
        sky.set(Weather { chances, ..Preset::Calm.weather(1) }).expect("weather");
        let node = NodeBuilder::new("success").build();
        let whom = Whom { connection: Some(1), device: Some(DeviceKey { pn: 1, device: 1 }) };
        assert!(sky.decide(whom, &Subject::Stanza { way: Direction::Out, node: &node }).is_none());
    }

    #[test]
    fn impossible_chances_are_named() {
        let with = |chances| Sky::default().set(Weather { chances, ..Preset::Calm.weather(0) });
        let error = with(Chances { drop: 2.0, ..Chances::default() }).expect_err("refused");
        assert_eq!(error.field, "chances.drop");
        let error = with(Chances { drop: 0.9, close: 0.9, ..Chances::default() }).expect_err("refused");
        assert_eq!(error.field, "chances");
    }
}
