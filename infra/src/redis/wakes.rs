//! Wake-ups: one channel per shard, so that a lane with nothing to do costs nothing.

use std::time::Duration;

use fred::{
    clients::Client,
    prelude::{ClientLike, Error, EventInterface, PubsubInterface},
    types::Message,
};
use futures::StreamExt;
use tokio::{
    sync::{broadcast::error::RecvError, mpsc},
    time::timeout,
};
use wagate_domain::{
    ports::{PortResult, Wake, WakeStream},
    sessions::SessionKey,
};

use super::{
    call::port_error,
    connect::{COMMAND_TIMEOUT, Dedicated, Redis},
};

/// Wake-ups a slow reader may be behind; after that it is told to look at everything.
const BACKLOG: usize = 4_096;

/// How often the connection is proven alive: a dead one that nobody has told of would stay silent.
const PROOF: Duration = Duration::from_secs(5);

/// A session in a wake-up message.
pub(super) fn wake_text(session: SessionKey) -> String {
    format!("{}:{}", session.workspace, session.id)
}

fn read(text: &str) -> Option<SessionKey> {
    let (workspace, id) = text.split_once(':')?;
    Some(SessionKey { workspace: workspace.parse().ok()?, id: id.parse().ok()? })
}

/// Subscribes to the channels of all shards over a connection of its own, which lives as long as
/// the stream. After an interruption it subscribes again and says [`Wake::Everything`].
pub(super) async fn subscribe(redis: &Redis) -> PortResult<WakeStream> {
    let connection = redis.dedicated().await.map_err(port_error)?;
    let proof = redis.keys().proof(&ulid::Ulid::from(rand::random::<u128>()).to_string());
    let shards = (0..redis.keys().shards()).map(|shard| redis.keys().wake(shard));
    let channels = shards.chain([proof.clone()]).collect();
    let listener = Listener { redis: redis.clone(), connection, channels, proof, heard: true };
    // listening starts before subscribing, so that nothing falls between
    let (messages, reconnects) = (listener.client().message_rx(), listener.client().reconnect_rx());
    listener.subscribe().await.map_err(port_error)?;
    let (wakes, stream) = mpsc::channel(BACKLOG);
    tokio::spawn(listener.run(messages, reconnects, wakes));
    Ok(tokio_stream::wrappers::ReceiverStream::new(stream).boxed())
}

struct Listener {
    redis: Redis,
    connection: Dedicated,
    channels: Vec<String>,
    // a channel of our own: what we say there over another connection, we must hear
    proof: String,
    heard: bool,
}

type Messages = tokio::sync::broadcast::Receiver<Message>;
type Reconnects = tokio::sync::broadcast::Receiver<fred::types::config::Server>;

impl Listener {
    fn client(&self) -> &Client {
        self.connection.client()
    }

    async fn subscribe(&self) -> Result<(), Error> {
        self.client().subscribe(self.channels.clone()).await
    }

    /// Replaces a connection over which the last proof did not come, then asks for the next.
    async fn prove(&mut self) {
        if !self.heard {
            tracing::warn!("wakes.deaf");
            // when it takes longer, it goes on without us waiting
            drop(timeout(COMMAND_TIMEOUT, self.client().force_reconnection()).await);
            // what is said before it has subscribed again cannot be heard: the next proof is asked for then
            self.heard = true;
            return;
        }
        // while Redis is away nothing can be proven
        self.heard = self.redis.shared().publish::<u64, _, _>(&self.proof, "").await.is_err();
    }

    async fn run(mut self, mut messages: Messages, mut reconnects: Reconnects, wakes: mpsc::Sender<Wake>) {
        let mut missed = true;
        let mut proof = tokio::time::interval(PROOF);
        loop {
            if missed {
                // the one that must arrive: without it a reader would sleep on what it has missed
                if wakes.send(Wake::Everything).await.is_err() {
                    break;
                }
                missed = false;
            }
            tokio::select! {
                () = wakes.closed() => break,
                back = reconnects.recv() => {
                    if matches!(back, Err(RecvError::Closed)) {
                        break;
                    }
                    // a failure here means that the connection is gone again, and will come back again
                    missed = self.subscribe().await.is_ok();
                }
                _ = proof.tick() => self.prove().await,
                message = messages.recv() => match message {
                    Ok(message) if message.channel == self.proof.as_str() => self.heard = true,
                    Ok(message) => {
                        if let Some(session) = message.value.as_str().as_deref().and_then(read) {
                            missed = wakes.try_send(Wake::Session(session)).is_err();
                        }
                    }
                    Err(RecvError::Lagged(_)) => missed = true,
                    Err(RecvError::Closed) => break,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use wagate_domain::{SessionId, WorkspaceId, ids::Id};

    use super::*;

    #[test]
    fn a_wake_up_reads_back() {
        let session = SessionKey {
            workspace: WorkspaceId::from_ulid(ulid::Ulid::from(1)),
            id: SessionId::from_ulid(ulid::Ulid::from(2)),
        };
        assert_eq!(read(&wake_text(session)), Some(session));
        assert_eq!(read("something else"), None);
    }
}
