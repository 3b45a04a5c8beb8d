//! Login of a linked device.

use std::sync::Arc;

use anyhow::Result;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp::ClientPayload;

use crate::core::Core;
use crate::router::Origin;
use crate::wire::Conn;

/// Finds the device a login payload names; `None` when it is not linked or its Noise key is
/// not the one it was paired with.
pub(super) async fn identify(
    core: &Core,
    payload: &ClientPayload,
    noise: &[u8; 32],
) -> Result<Option<Origin>> {
    let (Some(pn), Some(device)) = (payload.username, payload.device) else {
        return Ok(None);
    };
    let Ok(device) = u16::try_from(device) else { return Ok(None) };
    let Some(account) = core.by_number(pn).await? else { return Ok(None) };
    let known = account.device(device).is_some_and(|row| row.noise == *noise);
    Ok(known.then_some(Origin { account, device }))
}

/// The refusal: the client takes it as "logged out".
pub(super) fn refusal() -> Node {
    NodeBuilder::new("failure").attr("reason", 401).attr("location", "sbx").build()
}

/// Sends `<success>`, then what waited for the device, then `<offline>`.
pub(super) async fn welcome(
    core: &Arc<Core>,
    origin: &Origin,
    conn: &Arc<Conn>,
    payload: &ClientPayload,
) -> Result<()> {
    conn.send(
        NodeBuilder::new("success")
            .attr("t", core.clock.unix_secs())
            .attr("lid", origin.account.lid_jid(origin.device))
            .attr("location", "sbx")
            .attr("props", 27)
            .build(),
    );
    let passive = payload.passive.unwrap_or(false);
    core.attach_device(origin.key(), conn, passive).await?;
    // A bootstrap that failed earlier is tried again once the device is there.
    if core.state.count_pre_keys(origin.key()).await? > 0 {
        core.companion_ready(origin);
    }
    Ok(())
}
