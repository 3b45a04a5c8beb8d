//! The conformance suite: what several WhatsApp clients do on the sandbox, scenario by scenario.

#[macro_use]
mod cast;
mod connection;
mod delivery;
mod linking;
mod messages;
mod page;
mod presence;

/// Scenarios of every module, with its name.
const ACTS: &[(&str, &[cast::Scenario])] = &[
    ("linking", linking::SCENARIOS),
    ("connection", connection::SCENARIOS),
    ("messages", messages::SCENARIOS),
    ("delivery", delivery::SCENARIOS),
    ("presence", presence::SCENARIOS),
];

const ALICE: &str = "4915200000001";
const BOB: &str = "4915200000002";
const CAROL: &str = "4915200000003";

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
