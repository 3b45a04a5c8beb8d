//! A relay in front of the network that notes when a message passes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// A stanza of a message is longer than this; acks, receipts and pings are shorter.
const SHORTEST: usize = 250;
const PATIENCE: Duration = Duration::from_secs(10);

type Waiting = Arc<Mutex<Option<oneshot::Sender<Instant>>>>;

/// The relay; it runs as long as the process.
pub(crate) struct Tap {
    wire: String,
    waiting: Waiting,
}

impl Tap {
    /// Listens, and passes on to a WebSocket.
    pub(crate) async fn before(wire: &str) -> Result<Self> {
        let rest = wire.strip_prefix("ws://").context("no WebSocket")?;
        let (address, path) = rest.split_once('/').context("no path")?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let wire = format!("ws://{}/{path}", listener.local_addr()?);
        let waiting = Waiting::default();
        tokio::spawn(relay(listener, address.to_owned(), Arc::clone(&waiting)));
        Ok(Self { wire, waiting })
    }

    pub(crate) fn wire(&self) -> &str {
        &self.wire
    }

    /// When the next message passes, from now on.
    pub(crate) fn next(&self) -> impl Future<Output = Result<Instant>> + use<> {
        let (sender, receiver) = oneshot::channel();
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        async { Ok(tokio::time::timeout(PATIENCE, receiver).await.context("no message passed")??) }
    }
}

async fn relay(listener: TcpListener, address: String, waiting: Waiting) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(network) = TcpStream::connect(&address).await else { continue };
        // a connection that cannot be hurried is slower for everybody alike
        let _ = (client.set_nodelay(true), network.set_nodelay(true));
        let ((from_client, to_client), (from_network, to_network)) =
            (client.into_split(), network.into_split());
        tokio::spawn(pass(from_client, to_network, Some(Arc::clone(&waiting))));
        tokio::spawn(pass(from_network, to_client, None));
    }
}

/// Passes bytes on until either side has gone.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, waiting: Option<Waiting>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if length >= SHORTEST
            && let Some(waiting) = &waiting
            && let Some(sender) = waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            // one who gave up waiting does not want to know
            let _ = sender.send(Instant::now());
        }
        if to.write_all(bytes.get(..length).unwrap_or_default()).await.is_err() {
            break;
        }
    }
}
