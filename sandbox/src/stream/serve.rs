//! The task of one connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use buffa::Message;
use tokio::net::TcpStream;
use waproto::whatsapp::ClientPayload;

use super::{login, register};
use crate::core::Core;
use crate::handlers;
use crate::pairing::Link;
use crate::router::Origin;
use crate::wire::{Conn, Dictionary, Ready, shake};

/// Clients with the older dictionary install their keys late and lose a frame that comes
/// earlier, and with it all that follow. An idle machine needs 2 ms, a busy one a hundred times that.
const LATE_KEYS: Duration = Duration::from_millis(250);

/// Where a connection stands.
#[derive(Clone)]
pub(crate) enum Stage {
    /// Waits to be linked.
    Pairing(Arc<Link>),
    /// Logged in.
    Online(Origin),
}

/// Serves a connection until it ends; nothing it sends can do more than end it.
pub(crate) async fn run(core: Arc<Core>, tcp: TcpStream, remote: SocketAddr) {
    let handshake = tokio::time::timeout(core.config.handshake_timeout, shake(tcp, &core.identity));
    let (ready, writer) = match handshake.await {
        Ok(Ok(shaken)) => shaken,
        Ok(Err(error)) => {
            tracing::debug!(%remote, error = %format!("{error:#}"), "handshake failed");
            return;
        }
        Err(_) => {
            tracing::debug!(%remote, "handshake took too long");
            return;
        }
    };
    if ready.dictionary == Dictionary::V2 {
        tokio::time::sleep(LATE_KEYS).await;
    }
    let (conn, inbox) = Conn::new();
    let conn = Arc::new(conn);
    // However this ends, the writer must end with it.
    let _over = conn.gone.clone().drop_guard();
    core.tasks.spawn(writer.run(Arc::clone(&conn), inbox));
    if let Err(error) = enter(&core, &conn, ready).await {
        tracing::debug!(conn = conn.id, %remote, error = %format!("{error:#}"), "connection ended");
    }
}

/// Pairing or login, then stanzas.
async fn enter(core: &Arc<Core>, conn: &Arc<Conn>, ready: Ready) -> Result<()> {
    let payload = ClientPayload::decode_from_slice(&ready.payload).context("ClientPayload")?;
    if let Some(data) = payload.device_pairing_data.as_option() {
        let link = register::begin(core, conn, data, ready.client_static)?;
        let result = stanzas(core, conn, ready, &Stage::Pairing(Arc::clone(&link))).await;
        core.pairings.remove(&link);
        return result;
    }
    let Some(origin) = login::identify(core, &payload, &ready.client_static).await? else {
        conn.end_with(login::refusal());
        conn.gone.cancelled().await;
        bail!("login of an unknown device");
    };
    tracing::debug!(conn = conn.id, device = %origin.key(), "login");
    login::welcome(core, &origin, conn, &payload).await?;
    if !origin.account.has(origin.device) {
        // Unlinked between the check and now, when nobody could find this connection to end it.
        conn.end_with(login::refusal());
    }
    let result = stanzas(core, conn, ready, &Stage::Online(origin.clone())).await;
    // First over, then detached: a login still under way must not bring it back.
    conn.gone.cancel();
    if core.detach_device(origin.key(), conn.id) {
        core.presence_lost(&origin).await?;
    }
    result
}

async fn stanzas(core: &Arc<Core>, conn: &Arc<Conn>, mut ready: Ready, stage: &Stage) -> Result<()> {
    loop {
        let frame = tokio::select! {
            frame = ready.reader.frame() => frame?,
            () = conn.drained.notified() => {
                if let Stage::Online(origin) = stage {
                    core.resume_device(origin.key(), conn.id).await?;
                }
                continue;
            }
            () = conn.gone.cancelled() => return Ok(()),
        };
        let Some(frame) = frame else { return Ok(()) };
        let node = ready.opener.open(frame)?;
        handlers::dispatch(core, conn, stage, node).await;
    }
}
