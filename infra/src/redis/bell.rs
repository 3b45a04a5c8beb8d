//! Calls those who read what subscribers are told.

use std::time::Duration;

use async_trait::async_trait;
use fred::prelude::{EventInterface, PubsubInterface};
use futures::{StreamExt, stream::BoxStream};
use tokio::{sync::broadcast::error::RecvError, sync::mpsc, time::Instant};
use wagate_domain::ports::{Bell, PortResult};

use super::{call::port_error, connect::Redis};

/// After so long a listener is called in any case: calls over a dead connection are lost.
const ANYWAY: Duration = Duration::from_secs(2);

/// [`Bell`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisBell {
    redis: Redis,
    anyway: Duration,
}

impl RedisBell {
    /// The bell of a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis, anyway: ANYWAY }
    }

    /// Calls listeners in any case after this time instead of two seconds.
    #[must_use]
    pub const fn calling_anyway_after(mut self, anyway: Duration) -> Self {
        self.anyway = anyway;
        self
    }
}

#[async_trait]
impl Bell for RedisBell {
    async fn ring(&self) -> PortResult<()> {
        let rung = self.redis.shared().publish::<u64, _, _>(self.redis.keys().bell(), "").await;
        rung.map(drop).map_err(port_error)
    }

    async fn listen(&self) -> PortResult<BoxStream<'static, ()>> {
        let connection = self.redis.dedicated().await.map_err(port_error)?;
        let channel = self.redis.keys().bell();
        // listening starts before subscribing, so that nothing falls between
        let (mut calls, mut reconnects) =
            (connection.client().message_rx(), connection.client().reconnect_rx());
        connection.client().subscribe(channel.clone()).await.map_err(port_error)?;
        // one call is as good as many
        let (heard, stream) = mpsc::channel(1);
        let anyway = self.anyway;
        tokio::spawn(async move {
            let mut next = Instant::now();
            loop {
                tokio::select! {
                    () = heard.closed() => break,
                    () = tokio::time::sleep_until(next) => {}
                    back = reconnects.recv() => {
                        if matches!(back, Err(RecvError::Closed)) {
                            break;
                        }
                        // a failure here means that the connection is gone again, and will come back again
                        drop(connection.client().subscribe(channel.clone()).await);
                    }
                    call = calls.recv() => {
                        if matches!(call, Err(RecvError::Closed)) {
                            break;
                        }
                    }
                }
                next = Instant::now() + anyway;
                let _ = heard.try_send(());
            }
        });
        Ok(tokio_stream::wrappers::ReceiverStream::new(stream).boxed())
    }
}
