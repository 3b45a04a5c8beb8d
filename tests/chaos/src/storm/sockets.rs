//! Strikes by the simulated network: what becomes of sockets and stanzas.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

/// Cuts the sockets of so many sessions.
pub(super) async fn cut(world: &World, sockets: usize, amid_frame: bool) -> Result<()> {
    let how = if amid_frame { "mid_frame" } else { "drop" };
    end(world, sockets, &json!({"effect": {"kind": "close", "how": how}})).await
}

/// Lets the sockets of so many sessions carry nothing any more.
pub(super) async fn half_open(world: &World, sockets: usize) -> Result<()> {
    end(world, sockets, &json!({"effect": {"kind": "half_open"}})).await
}

async fn end(world: &World, sockets: usize, how: &Value) -> Result<()> {
    let open = world.control.get("/v1/connections").await.expect(200).json();
    let sound = open["items"].as_array().into_iter().flatten().filter(|connection| {
        connection["half_open"] == false && connection["device"].as_u64().is_some_and(|device| device > 0)
    });
    for id in sound.filter_map(|connection| connection["id"].as_u64()).take(sockets) {
        let answer = world.control.post(&format!("/v1/connections/{id}/end"), how).await;
        // one that has ended by itself meanwhile is as good as cut
        ensure!(matches!(answer.status, 204 | 404), "{}", String::from_utf8_lossy(&answer.bytes));
    }
    Ok(())
}

/// Loses the acks of a session's next messages.
pub(crate) async fn lose_acks(world: &World, session: usize, times: u64) -> Result<()> {
    fault(world, session, &json!({"tag": "message"}), times, &json!({"kind": "lose_ack"})).await
}

/// Delays the acks of a session's next messages.
pub(super) async fn delay_acks(world: &World, session: usize, times: u64, millis: u64) -> Result<()> {
    fault(world, session, &json!({"tag": "message"}), times, &json!({"kind": "delay_ack", "ms": millis}))
        .await
}

/// Doubles a session's next messages on their way in, or the next receipts on their way to it.
pub(super) async fn double(world: &World, session: usize, tag: &str, times: u64) -> Result<()> {
    let direction = if tag == "message" { "in" } else { "out" };
    fault(world, session, &json!({"tag": tag, "direction": direction}), times, &json!({"kind": "duplicate"}))
        .await
}

async fn fault(world: &World, session: usize, on: &Value, times: u64, effect: &Value) -> Result<()> {
    let mut on = on.clone();
    on["number"] = json!(world.sessions[session].number);
    let fault = json!({"on": on, "when": {"times": times}, "effect": effect});
    let request = world.control.request(Method::POST, "/v1/faults").json(&fault);
    let answer = world.control.send(request).await;
    ensure!(answer.status == 201, "{}", String::from_utf8_lossy(&answer.bytes));
    Ok(())
}
