//! A connection that a test can cut.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;
use whatsapp_rust::async_channel;
use whatsapp_rust::transport::{TokioWebSocketTransportFactory, Transport, TransportEvent, TransportFactory};

/// Opens sockets and keeps hold of the last one.
pub(super) struct Cuttable {
    url: String,
    last: Mutex<Option<Arc<dyn Transport>>>,
}

impl Cuttable {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), last: Mutex::default() }
    }

    /// Closes the socket below the client, as when the network fails.
    pub(super) async fn cut(&self) {
        if let Some(transport) = self.last.lock().await.take() {
            transport.disconnect().await;
        }
    }
}

/// The factory that the client gets.
pub(super) struct Shared(pub(super) Arc<Cuttable>);

#[async_trait]
impl TransportFactory for Shared {
    async fn create_transport(
        &self,
    ) -> anyhow::Result<(Arc<dyn Transport>, async_channel::Receiver<TransportEvent>)> {
        let factory = TokioWebSocketTransportFactory::new().with_url(self.0.url.clone());
        let (transport, events) = factory.create_transport().await?;
        *self.0.last.lock().await = Some(Arc::clone(&transport));
        Ok((transport, events))
    }
}
