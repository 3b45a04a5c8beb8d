//! The one writer of a connection: everything leaves in the order it was sent.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::SinkExt;
use futures::stream::SplitSink;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use wacore_noise::NoiseCipher;
use wacore_noise::framing::{FRAME_LENGTH_SIZE, encode_frame};

use super::codec::NodeCodec;
use super::connection::{Conn, Outgoing};

/// Clients need a moment to read a stream error before the socket goes.
const LINGER: Duration = Duration::from_millis(50);
/// A client that takes nothing for this long is gone.
const STALLED: Duration = Duration::from_secs(60);
/// Stanzas written between two flushes at most.
const BATCH: usize = 64;

/// The writing half of a connection.
pub(crate) struct FrameWriter {
    pub(super) socket: SplitSink<WebSocketStream<TcpStream>, Message>,
    pub(super) cipher: NoiseCipher,
    pub(super) codec: &'static dyn NodeCodec,
    pub(super) counter: u32,
}

impl FrameWriter {
    /// Writes until the connection ends.
    pub(crate) async fn run(mut self, conn: Arc<Conn>, mut inbox: mpsc::UnboundedReceiver<Outgoing>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let count = tokio::select! {
                count = inbox.recv_many(&mut batch, BATCH) => count,
                () = conn.gone.cancelled() => break,
            };
            if count == 0 {
                break;
            }
            match tokio::time::timeout(STALLED, self.write(batch.drain(..))).await {
                Ok(Ok(false)) => conn.written(count),
                Ok(Ok(true)) => {
                    tokio::time::sleep(LINGER).await;
                    break;
                }
                Ok(Err(error)) => {
                    tracing::debug!(conn = conn.id, error = %format!("{error:#}"), "write failed");
                    break;
                }
                Err(_) => {
                    tracing::warn!(conn = conn.id, "client takes nothing, closing");
                    break;
                }
            }
        }
        conn.gone.cancel();
        // The peer may have closed first.
        drop(tokio::time::timeout(LINGER, self.socket.close()).await);
    }

    /// Writes a batch; `true` when it ended in a close.
    async fn write(&mut self, batch: impl Iterator<Item = Outgoing>) -> Result<bool> {
        for outgoing in batch {
            let payload = match outgoing {
                Outgoing::Node(node) => self.codec.encode(&node)?,
                Outgoing::Stored(stored) => self.codec.encode_from_stored(&stored)?,
                Outgoing::Close => {
                    self.socket.flush().await?;
                    return Ok(true);
                }
            };
            let frame = self.seal(&payload)?;
            self.socket.feed(Message::Binary(frame)).await?;
        }
        self.socket.flush().await?;
        Ok(false)
    }

    fn seal(&mut self, payload: &[u8]) -> Result<Bytes> {
        let mut sealed = Vec::with_capacity(FRAME_LENGTH_SIZE + payload.len() + 16);
        sealed.extend_from_slice(payload);
        self.cipher.encrypt_in_place_with_counter(self.counter, &mut sealed)?;
        self.counter = self.counter.checked_add(1).context("frame counter is exhausted")?;
        Ok(encode_frame(&sealed, None)?.into())
    }
}
