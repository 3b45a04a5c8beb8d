//! The task of one connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use buffa::Message;
use bytes::BytesMut;
use tokio::net::TcpStream;
use waproto::whatsapp::ClientPayload;

use super::connections::Listed;
use super::inflow::Inflow;
use super::{login, register};
use crate::core::Core;
use crate::faults::{Effect, Subject};
use crate::pairing::Link;
use crate::router::Origin;
use crate::trace::EventKind;
use crate::wire::{Conn, Dictionary, FrameReader, FrameWriter, Ready, shake};

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
    let (conn, inbox) = Conn::new(remote, core.faults.clone(), core.trace.clone());
    let conn = Arc::new(conn);
    let _listed = Listed::new(&core, &conn);
    let ended = async {
        let (ready, writer) = handshake(&core, &conn, tcp).await?;
        conn.tap.note(EventKind::Handshake, Some(ready.pattern.to_owned()));
        if ready.dictionary == Dictionary::V2 {
            tokio::time::sleep(LATE_KEYS).await;
        }
        core.tasks.spawn(writer.run(Arc::clone(&conn), inbox));
        // Boxed, so that who does not come so far takes less memory.
        Box::pin(enter(&core, &conn, ready)).await
    };
    match ended.await {
        Ok(()) => conn.because("closed by the client"),
        Err(error) => {
            tracing::debug!(conn = conn.id, %remote, error = %format!("{error:#}"), "connection ended");
            conn.because(format!("{error:#}"));
        }
    }
}

/// The Noise handshake, as a fault wants it.
async fn handshake(core: &Core, conn: &Conn, tcp: TcpStream) -> Result<(Ready, FrameWriter)> {
    let effect = conn.tap.decide(&Subject::Handshake);
    let mut limit = core.config.handshake_timeout;
    let mut identity = None;
    match &effect {
        Some(Effect::DelayHandshake { ms }) => limit += Duration::from_millis(*ms),
        Some(effect) => identity = core.identity.bent(effect, core.clock.unix_secs())?,
        None => {}
    }
    let identity = identity.as_ref().unwrap_or(&core.identity);
    let shaken = tokio::time::timeout(limit, shake(tcp, identity, &core.clock, effect.as_ref()));
    shaken.await.context("handshake took too long")?.context("handshake failed")
}

/// Pairing or login, then stanzas.
async fn enter(core: &Arc<Core>, conn: &Arc<Conn>, ready: Ready) -> Result<()> {
    let payload = ClientPayload::decode_from_slice(&ready.payload).context("ClientPayload")?;
    if let Some(data) = payload.device_pairing_data.as_option() {
        conn.tap.note(EventKind::Pairing, None);
        let link = register::begin(core, conn, data, ready.client_static)?;
        let result = stanzas(core, conn, ready, &Stage::Pairing(Arc::clone(&link))).await;
        core.pairings.remove(&link);
        return result;
    }
    let Some(origin) = login::admit(core, conn, &payload, &ready.client_static).await? else {
        conn.gone.cancelled().await;
        return Ok(());
    };
    let result = stanzas(core, conn, ready, &Stage::Online(origin.clone())).await;
    // First over, then detached: a login still under way must not bring it back.
    conn.gone.cancel();
    if core.detach_device(origin.key(), conn.id) {
        core.presence_lost(&origin);
    }
    result
}

/// The next frame of a client that takes its answers.
async fn next(reader: &mut FrameReader, conn: &Conn) -> Result<Option<BytesMut>> {
    conn.room().await;
    reader.frame().await
}

async fn stanzas(core: &Arc<Core>, conn: &Arc<Conn>, mut ready: Ready, stage: &Stage) -> Result<()> {
    let mut inflow = Inflow::new(core, conn, stage);
    loop {
        let frame = tokio::select! {
            frame = next(&mut ready.reader, conn) => frame?,
            () = inflow.line.wait_due() => {
                inflow.release().await;
                continue;
            }
            () = conn.drained.notified() => {
                if let Stage::Online(origin) = stage {
                    core.resume_device(origin.key(), conn.id).await?;
                }
                continue;
            }
            () = conn.half_open.cancelled() => {
                // The socket stays, nobody reads it.
                conn.gone.cancelled().await;
                return Ok(());
            }
            () = conn.gone.cancelled() => return Ok(()),
        };
        let Some(frame) = frame else { return Ok(()) };
        let bytes = frame.len();
        let node = ready.opener.open(frame)?;
        inflow.take(node, bytes).await;
    }
}
