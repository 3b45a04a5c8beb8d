//! From TCP to an encrypted stream: WebSocket upgrade, header, Noise.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use wacore_binary::Node;
use wacore_noise::NoiseCipher;
use wacore_noise::framing::encode_frame;

use super::certificates::ServerIdentity;
use super::codec::{NodeCodec, codec_for};
use super::meter::Metered;
use super::noise::{AfterHello, respond};
use super::prologue::Dictionary;
use super::reader::FrameReader;
use super::writer::FrameWriter;
use crate::clock::Clock;
use crate::faults::{Effect, Line};

/// A WebSocket message may carry a frame of 2^24 bytes and its neighbours.
const MAX_MESSAGE: usize = (1 << 24) + (1 << 20);
/// Bytes read at a time. Every connection has such a buffer, and it is cleared before each read:
/// a small one makes connections light and reads quick.
const READ_BUFFER: usize = 4096;

/// An encrypted stream, ready for stanzas.
pub(crate) struct Ready {
    pub(crate) reader: FrameReader,
    pub(crate) opener: Opener,
    pub(crate) dictionary: Dictionary,
    /// Name of the Noise pattern that was run.
    pub(crate) pattern: &'static str,
    pub(crate) client_static: [u8; 32],
    /// `ClientPayload` protobuf bytes.
    pub(crate) payload: Bytes,
}

/// Opens client frames, in order.
pub(crate) struct Opener {
    cipher: NoiseCipher,
    codec: &'static dyn NodeCodec,
    counter: u32,
}

impl Opener {
    /// Decrypts and decodes a frame.
    pub(crate) fn open(&mut self, mut frame: BytesMut) -> Result<Node> {
        self.cipher
            .decrypt_in_place_with_counter(self.counter, &mut frame)
            .context("frame cannot be decrypted")?;
        self.counter = self.counter.checked_add(1).context("frame counter is exhausted")?;
        self.codec.decode(frame).context("frame is not a node")
    }
}

/// Runs the whole handshake, bent by a fault or not; the caller sets the time limit.
pub(crate) async fn shake(
    tcp: TcpStream,
    server: &ServerIdentity,
    clock: &Clock,
    bent: Option<&Effect>,
) -> Result<(Ready, FrameWriter)> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let (tcp, allowance) = Metered::new(tcp);
    let socket = accept_async_with_config(tcp, Some(config)).await?;
    let (mut sink, stream) = socket.split();
    let mut reader = FrameReader::new(stream, allowance);
    let header = reader.header().await?;
    let codec = codec_for(header.dictionary);
    let hello = reader.frame().await?.context("closed before ClientHello")?;
    match bent {
        Some(Effect::DelayHandshake { ms }) => clock.sleep(Duration::from_millis(*ms)).await,
        Some(Effect::DropHandshake) => bail!("closed instead of a ServerHello"),
        Some(Effect::GarbageHello) => {
            let garbage = encode_frame(&rand::random::<[u8; 64]>(), None)?;
            sink.send(Message::Binary(garbage.into())).await?;
            bail!("garbage instead of a ServerHello");
        }
        _ => {}
    }
    let established = match respond(server, &header.bytes, &hello)? {
        AfterHello::Done { hello, established } => {
            sink.send(Message::Binary(encode_frame(&hello, None)?.into())).await?;
            *established
        }
        AfterHello::Finish { hello, pending } => {
            sink.send(Message::Binary(encode_frame(&hello, None)?.into())).await?;
            let finish = reader.frame().await?.context("closed before ClientFinish")?;
            pending.finish(&finish)?
        }
    };
    reader.lift_limit();
    let writer = FrameWriter {
        socket: sink,
        cipher: established.write,
        codec,
        counter: 0,
        line: Line::new(clock.clone()),
        company: Vec::new(),
    };
    let ready = Ready {
        reader,
        opener: Opener { cipher: established.read, codec, counter: 0 },
        dictionary: header.dictionary,
        pattern: established.pattern,
        client_static: established.client_static,
        payload: established.payload,
    };
    Ok((ready, writer))
}
