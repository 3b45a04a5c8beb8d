//! The one writer of a connection: everything leaves in the order it was sent, unless a fault
//! wants it otherwise.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::SinkExt;
use futures::stream::SplitSink;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use wacore_noise::NoiseCipher;
use wacore_noise::framing::{FRAME_LENGTH_SIZE, encode_frame};

use super::codec::{NodeCodec, decode_stored};
use super::connection::{Conn, Outgoing};
use super::meter::Socket;
use super::parcel::{Framing, Parcel};
use crate::faults::{Closing, Effect, Ending, Line, damage};
use crate::trace::Direction;

/// Clients need a moment to read a stream error before the socket goes.
const LINGER: Duration = Duration::from_millis(50);
/// A client that takes nothing for this long is gone.
const STALLED: Duration = Duration::from_secs(60);
/// Stanzas written between two flushes at most.
const BATCH: usize = 64;
/// How long a frame waits for another to share a message with.
const COMPANY: Duration = Duration::from_millis(200);

/// The writing half of a connection.
pub(crate) struct FrameWriter {
    pub(super) socket: SplitSink<Socket, Message>,
    pub(super) cipher: NoiseCipher,
    pub(super) codec: &'static dyn NodeCodec,
    pub(super) counter: u32,
    pub(super) line: Line<Parcel>,
    /// Sealed frames that wait for company.
    pub(super) company: Vec<u8>,
}

enum Wake {
    Sent(usize),
    Due,
    Over,
}

impl FrameWriter {
    /// Writes until the connection ends.
    pub(crate) async fn run(mut self, conn: Arc<Conn>, mut inbox: mpsc::UnboundedReceiver<Outgoing>) {
        let mut batch = Vec::with_capacity(BATCH);
        let how = loop {
            let lonely = !self.company.is_empty();
            let wake = tokio::select! {
                count = inbox.recv_many(&mut batch, BATCH) => Wake::Sent(count),
                () = self.line.wait_due() => Wake::Due,
                () = tokio::time::sleep(COMPANY), if lonely => Wake::Due,
                () = conn.gone.cancelled() => Wake::Over,
            };
            let count = match wake {
                Wake::Sent(count) if count > 0 => count,
                Wake::Due => 0,
                Wake::Sent(_) | Wake::Over => break Closing::Clean,
            };
            match tokio::time::timeout(STALLED, self.write(&conn, batch.drain(..), lonely)).await {
                Ok(Ok(None)) => conn.written(count),
                Ok(Ok(Some(how))) => break how,
                Ok(Err(error)) => {
                    tracing::debug!(conn = conn.id, error = %format!("{error:#}"), "write failed");
                    conn.because(match error.downcast_ref::<SocketError>() {
                        Some(_) => "closed by the client".to_owned(),
                        None => format!("{error:#}"),
                    });
                    break Closing::Clean;
                }
                Err(_) => {
                    tracing::warn!(conn = conn.id, "client takes nothing, closing");
                    conn.because("the client took nothing for a minute");
                    break Closing::Clean;
                }
            }
        };
        let closing = how == Closing::Clean && !conn.half_open.is_cancelled();
        conn.gone.cancel();
        if closing {
            // The peer may have closed first.
            drop(tokio::time::timeout(LINGER, self.socket.close()).await);
        }
    }

    /// Writes what was sent and what has become due; says how the connection ends, when it does.
    async fn write(
        &mut self,
        conn: &Conn,
        batch: impl Iterator<Item = Outgoing>,
        lonely: bool,
    ) -> Result<Option<Closing>> {
        let mut end = None;
        for outgoing in batch {
            if self.line.is_empty() && !conn.tap.watches() && !conn.half_open.is_cancelled() {
                let payload = match outgoing {
                    Outgoing::Node(node) => self.codec.encode(&node)?,
                    Outgoing::Stored(stored) => self.codec.encode_from_stored(&stored)?,
                    Outgoing::Close(how) => {
                        end = Some(Ending::Socket(how));
                        break;
                    }
                };
                self.send(Parcel::whole(payload)).await?;
                continue;
            }
            end = self.take(conn, outgoing)?;
            self.release(conn).await?;
            if end.is_some() {
                break;
            }
        }
        self.release(conn).await?;
        if lonely || end.is_some() {
            self.company_leaves().await?;
        }
        match end {
            None => {}
            Some(Ending::HalfOpen) => conn.half_open.cancel(),
            Some(Ending::Stanza(node)) => {
                conn.tap.saw(Direction::Out, &node, None);
                let payload = self.codec.encode(&node)?;
                self.send(Parcel::whole(payload)).await?;
                return self.closed(Closing::Clean).await.map(Some);
            }
            Some(Ending::Socket(how)) => return self.closed(how).await.map(Some),
        }
        self.socket.flush().await?;
        Ok(None)
    }

    /// Puts one on its way, as faults want it.
    fn take(&mut self, conn: &Conn, outgoing: Outgoing) -> Result<Option<Ending>> {
        if conn.half_open.is_cancelled() {
            let over = matches!(outgoing, Outgoing::Close(_));
            return Ok(over.then_some(Ending::Socket(Closing::Drop)));
        }
        let mut node = match outgoing {
            Outgoing::Close(how) => {
                self.line.rush();
                return Ok(Some(Ending::Socket(how)));
            }
            Outgoing::Node(node) => node,
            Outgoing::Stored(stored) => decode_stored(&stored)?,
        };
        let payload = self.codec.encode(&node)?;
        let Some(effect) = conn.tap.stanza(Direction::Out, &node, Some(payload.len())) else {
            self.line.put(Parcel::whole(payload), None);
            return Ok(None);
        };
        if let Some((ending, deliver)) = effect.ending(Some(&node)) {
            conn.because(ending.to_string());
            if deliver {
                self.line.put(Parcel::whole(payload), None);
                self.line.rush();
            }
            return Ok(Some(ending));
        }
        match effect {
            Effect::Drop => {}
            Effect::Duplicate => {
                self.line.put(Parcel::whole(payload.clone()), None);
                self.line.put(Parcel::whole(payload), None);
            }
            Effect::DamageEnc => {
                damage(&mut node);
                self.line.put(Parcel::whole(self.codec.encode(&node)?), None);
            }
            effect => {
                let framing = Framing::of(&effect);
                self.line.put(Parcel { payload, framing }, Some(&effect));
            }
        }
        Ok(None)
    }

    async fn release(&mut self, conn: &Conn) -> Result<()> {
        for parcel in self.line.due() {
            if !conn.half_open.is_cancelled() {
                self.send(parcel).await?;
            }
        }
        Ok(())
    }

    async fn send(&mut self, Parcel { payload, framing }: Parcel) -> Result<()> {
        let mut frame = self.seal(&payload)?;
        if framing == Framing::BrokenMac
            && let Some(last) = frame.last_mut()
        {
            *last ^= 1;
        }
        if framing == Framing::InCompany && self.company.is_empty() {
            self.company = frame;
            return Ok(());
        }
        if !self.company.is_empty() {
            self.company.append(&mut frame);
            return self.company_leaves().await;
        }
        if let Framing::Pieces(length) = framing {
            for piece in frame.chunks(length) {
                self.socket.send(Message::Binary(Bytes::copy_from_slice(piece))).await?;
            }
            return Ok(());
        }
        Ok(self.socket.feed(Message::Binary(frame.into())).await?)
    }

    async fn company_leaves(&mut self) -> Result<()> {
        let together = std::mem::take(&mut self.company);
        if !together.is_empty() {
            self.socket.send(Message::Binary(together.into())).await?;
        }
        Ok(())
    }

    /// The last things before the socket goes.
    async fn closed(&mut self, how: Closing) -> Result<Closing> {
        if how == Closing::MidFrame {
            // A header that announces 100 bytes, and half of them.
            let half = [&[0, 0, 100][..], &rand::random::<[u8; 50]>()].concat();
            self.socket.feed(Message::Binary(half.into())).await?;
        }
        self.socket.flush().await?;
        if how != Closing::Drop {
            tokio::time::sleep(LINGER).await;
        }
        Ok(how)
    }

    fn seal(&mut self, payload: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = Vec::with_capacity(FRAME_LENGTH_SIZE + payload.len() + 16);
        sealed.extend_from_slice(payload);
        self.cipher.encrypt_in_place_with_counter(self.counter, &mut sealed)?;
        self.counter = self.counter.checked_add(1).context("frame counter is exhausted")?;
        encode_frame(&sealed, None)
    }
}
