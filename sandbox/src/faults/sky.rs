//! What the weather does: it draws a fault per stanza, the same one for the same seed.

use std::collections::HashMap;

use super::board::Hit;
use super::chance::{chance, draw};
use super::effect::{Closing, Effect, StreamError};
use super::invalid::Invalid;
use super::point::{Subject, Whom};
use super::weather::{Preset, Weather};
use crate::nodes::is;
use crate::state::DeviceKey;
use crate::trace::Direction;

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
        let sum = weather.check()?;
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
    use super::super::weather::Chances;
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
