//! Frames out of a WebSocket that is used as a byte stream.

use anyhow::{Result, bail, ensure};
use bytes::{Buf, BytesMut};
use futures::StreamExt;
use futures::stream::SplitStream;
use tokio_tungstenite::tungstenite::Message;
use wacore_noise::framing::FRAME_LENGTH_SIZE;

use super::meter::{Allowance, Socket};
use super::prologue::{Header, take_header};

/// Largest frame before login: a ClientPayload has a few hundred bytes.
const MAX_HANDSHAKE_FRAME: usize = 16 * 1024;
/// Largest frame after login (3-byte length).
const MAX_FRAME: usize = (1 << 24) - 1;

/// The reading half of a connection.
pub(crate) struct FrameReader {
    socket: SplitStream<Socket>,
    buffer: BytesMut,
    limit: usize,
    allowance: Allowance,
}

impl FrameReader {
    pub(super) fn new(socket: SplitStream<Socket>, allowance: Allowance) -> Self {
        Self { socket, buffer: BytesMut::new(), limit: MAX_HANDSHAKE_FRAME, allowance }
    }

    /// Reads the header that starts the stream.
    pub(super) async fn header(&mut self) -> Result<Header> {
        loop {
            if let Some(header) = take_header(&mut self.buffer)? {
                return Ok(header);
            }
            ensure!(self.fill().await?, "closed before its header");
        }
    }

    /// The client is known: frames may be large and many from now on.
    pub(super) fn lift_limit(&mut self) {
        self.allowance.lift();
        self.limit = MAX_FRAME;
    }

    /// The next frame; `None` when the peer has closed.
    pub(crate) async fn frame(&mut self) -> Result<Option<BytesMut>> {
        loop {
            if let Some(frame) = take_frame(&mut self.buffer, self.limit)? {
                return Ok(Some(frame));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    async fn fill(&mut self) -> Result<bool> {
        loop {
            match self.socket.next().await {
                None | Some(Ok(Message::Close(_))) => return Ok(false),
                Some(Ok(Message::Binary(bytes))) => {
                    self.buffer.extend_from_slice(&bytes);
                    return Ok(true);
                }
                Some(Ok(Message::Text(_))) => bail!("text message on a binary stream"),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }
}

/// Takes one frame off the buffer; refuses a length above `limit` before its bytes arrive.
pub(crate) fn take_frame(buffer: &mut BytesMut, limit: usize) -> Result<Option<BytesMut>> {
    let Some(prefix) = buffer.first_chunk::<FRAME_LENGTH_SIZE>() else {
        return Ok(None);
    };
    let length = usize::from(prefix[0]) << 16 | usize::from(prefix[1]) << 8 | usize::from(prefix[2]);
    ensure!(length <= limit, "frame of {length} bytes, {limit} allowed");
    if buffer.len() < FRAME_LENGTH_SIZE + length {
        return Ok(None);
    }
    buffer.advance(FRAME_LENGTH_SIZE);
    Ok(Some(buffer.split_to(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_however_bytes_go_in() {
        let stream = b"\x00\x00\x02ab\x00\x00\x00\x00\x00\x01c";
        let mut whole = BytesMut::from(&stream[..]);
        let mut bytewise = BytesMut::new();
        let mut frames = Vec::new();
        for byte in stream {
            bytewise.extend_from_slice(&[*byte]);
            while let Some(frame) = take_frame(&mut bytewise, 100).expect("frame") {
                frames.push(frame);
            }
        }
        for frame in &frames {
            assert_eq!(take_frame(&mut whole, 100).expect("frame").as_ref(), Some(frame));
        }
        assert_eq!(frames, [&b"ab"[..], b"", b"c"]);
        assert!(whole.is_empty() && bytewise.is_empty());
    }

    #[test]
    fn a_huge_length_is_refused_from_its_prefix() {
        let mut buffer = BytesMut::from(&b"\xff\xff\xff"[..]);
        assert!(take_frame(&mut buffer, MAX_HANDSHAKE_FRAME).is_err());
    }
}
