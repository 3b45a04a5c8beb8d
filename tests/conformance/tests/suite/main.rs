//! The conformance suite: what several WhatsApp clients do on the sandbox, scenario by scenario.

#[macro_use]
mod cast;
mod broadcasts;
mod calls;
mod chats;
mod communities;
mod connection;
mod delivery;
mod groups;
mod history;
mod linking;
mod messages;
mod page;
mod presence;
mod profile;

use wagate_sandbox::faults::{Effect, Fault, Selector, Trigger};

/// Scenarios of every module, with its name.
const ACTS: &[(&str, &[cast::Scenario])] = &[
    ("linking", linking::SCENARIOS),
    ("connection", connection::SCENARIOS),
    ("history", history::SCENARIOS),
    ("messages", messages::SCENARIOS),
    ("delivery", delivery::SCENARIOS),
    ("presence", presence::SCENARIOS),
    ("groups", groups::SCENARIOS),
    ("communities", communities::SCENARIOS),
    ("broadcasts", broadcasts::SCENARIOS),
    ("calls", calls::SCENARIOS),
    ("profile", profile::SCENARIOS),
    ("chats", chats::SCENARIOS),
];

const ALICE: &str = "4915200000001";
const BOB: &str = "4915200000002";
const CAROL: &str = "4915200000003";

/// On the next message to a device; 0 is the phone.
fn on_next_message(number: &str, device: u16, effect: Effect) -> Fault {
    let on = Selector {
        number: Some(number.to_owned()),
        device: Some(device),
        tag: Some("message".to_owned()),
        direction: Some(wagate_sandbox::trace::Direction::Out),
        ..Selector::default()
    };
    Fault { on, when: Trigger { times: Some(1), ..Trigger::default() }, effect }
}

/// Waits for something that no client tells.
async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut check: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + wagate_conformance::PATIENCE;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
