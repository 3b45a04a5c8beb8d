//! Login of a linked device.

use std::sync::Arc;

use anyhow::Result;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp::ClientPayload;

use crate::core::Core;
use crate::faults::{Effect, Subject};
use crate::nodes::{SERVER, blob};
use crate::router::Origin;
use crate::trace::EventKind;
use crate::wire::Conn;

/// Lets a device in or refuses it; the refusal has been sent when the answer is `None`.
pub(super) async fn admit(
    core: &Arc<Core>,
    conn: &Arc<Conn>,
    payload: &ClientPayload,
    noise: &[u8; 32],
) -> Result<Option<Origin>> {
    let Some(origin) = identify(core, payload, noise).await? else {
        refuse(conn, "unknown device", unknown());
        return Ok(None);
    };
    conn.tap.identify(origin.key());
    if let Some(failure) = core.banned(origin.account.pn) {
        refuse(conn, "banned", failure);
        return Ok(None);
    }
    let effect = conn.tap.decide(&Subject::Login);
    if let Some(failure) = effect.as_ref().and_then(failure) {
        refuse(conn, "fault", failure);
        return Ok(None);
    }
    tracing::debug!(conn = conn.id, device = %origin.key(), "login");
    let skew = match effect {
        Some(Effect::SkewClock { seconds }) => seconds,
        _ => 0,
    };
    conn.tap.note(EventKind::Login, None);
    let time = core.clock.unix_secs().saturating_add_signed(skew);
    welcome(core, &origin, conn, (payload.passive.unwrap_or(false), time)).await?;
    if !origin.account.has(origin.device) {
        // Unlinked between the check and now, when nobody could find this connection to end it.
        refuse(conn, "unlinked meanwhile", unknown());
    }
    Ok(Some(origin))
}

/// Finds the device a login payload names; `None` when it is not linked or its Noise key is
/// not the one it was paired with.
async fn identify(core: &Core, payload: &ClientPayload, noise: &[u8; 32]) -> Result<Option<Origin>> {
    let (Some(pn), Some(device)) = (payload.username, payload.device) else {
        return Ok(None);
    };
    let Ok(device) = u16::try_from(device) else { return Ok(None) };
    let Some(account) = core.by_number(pn).await? else { return Ok(None) };
    let known = account.device(device).is_some_and(|row| row.noise == *noise);
    Ok(known.then_some(Origin { account, device }))
}

fn refuse(conn: &Conn, why: &str, failure: Node) {
    conn.tap.note(EventKind::Refused, Some(why.to_owned()));
    conn.end_with(failure);
}

/// The refusal that a client takes as "logged out".
fn unknown() -> Node {
    NodeBuilder::new("failure").attr("reason", 401).attr("location", "sbx").build()
}

/// The refusal that a fault wants.
fn failure(effect: &Effect) -> Option<Node> {
    let Effect::RefuseLogin { reason, code, expire_seconds, message } = effect else { return None };
    let mut failure = NodeBuilder::new("failure").attr("reason", *reason).attr("location", "sbx");
    if let Some(code) = code {
        failure = failure.attr("code", *code);
    }
    if let Some(seconds) = expire_seconds {
        failure = failure.attr("expire", *seconds);
    }
    if let Some(message) = message {
        failure = failure.attr("message", message.as_str());
    }
    Some(failure.build())
}

/// Routing information that the client puts in front of its next connection. It says nothing
/// here: there is one machine.
fn edge_routing(origin: &Origin) -> Node {
    let info = blob("routing_info", format!("sbx:{}", origin.account.pn).into_bytes());
    let routing = NodeBuilder::new("edge_routing").children([info]).build();
    NodeBuilder::new("ib").attr("from", SERVER).children([routing]).build()
}

/// Sends `<success>` with this time, then what waited for the device, then `<offline>`.
async fn welcome(
    core: &Arc<Core>,
    origin: &Origin,
    conn: &Arc<Conn>,
    (passive, time): (bool, u64),
) -> Result<()> {
    conn.send(
        NodeBuilder::new("success")
            .attr("t", time)
            .attr("lid", origin.account.lid_jid(origin.device))
            .attr("location", "sbx")
            .attr("props", 27)
            .build(),
    );
    let preview = core.config.offline_preview || origin.account.options().offline_preview;
    core.attach_device(origin.key(), conn, passive, preview).await?;
    conn.send(edge_routing(origin));
    for dirty in core.dirty_nodes(origin.key()).await? {
        conn.send(dirty);
    }
    // A bootstrap that failed earlier is tried again once the device is there.
    if core.state.count_pre_keys(origin.key()).await? > 0 {
        core.companion_ready(origin);
    }
    Ok(())
}
