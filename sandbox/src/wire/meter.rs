//! A TCP stream whose peer may send only so much before it is known.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;

/// The WebSocket of a connection.
pub(super) type Socket = WebSocketStream<Metered>;

/// Bytes of upgrade, header and handshake together; a real client sends about two thousand.
const BEFORE_LOGIN: usize = 128 * 1024;
const UNLIMITED: usize = usize::MAX;

/// How many bytes a peer may still send.
#[derive(Debug, Clone)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// From now on as many as it likes.
    pub(super) fn lift(&self) {
        self.0.store(UNLIMITED, Ordering::Relaxed);
    }

    fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Only the reader takes from it, and whoever lifts it has stopped reading meanwhile.
    fn take(&self, bytes: usize) {
        let left = self.left();
        if left != UNLIMITED {
            self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
        }
    }
}

/// A stream that fails when its peer has used up its [`Allowance`].
#[derive(Debug)]
pub(super) struct Metered {
    tcp: TcpStream,
    allowance: Allowance,
}

impl Metered {
    /// The stream of a stranger.
    pub(super) fn new(tcp: TcpStream) -> (Self, Allowance) {
        let allowance = Allowance(Arc::new(AtomicUsize::new(BEFORE_LOGIN)));
        (Self { tcp, allowance: allowance.clone() }, allowance)
    }
}

impl AsyncRead for Metered {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        if this.allowance.left() == 0 {
            return Poll::Ready(Err(Error::new(ErrorKind::InvalidData, "too much before login")));
        }
        let before = buf.filled().len();
        let result = Pin::new(&mut this.tcp).poll_read(cx, buf);
        this.allowance.take(buf.filled().len().saturating_sub(before));
        result
    }
}

impl AsyncWrite for Metered {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}
