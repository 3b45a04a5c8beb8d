//! The socket, behind the gate.

use std::sync::Arc;

use async_trait::async_trait;
use whatsapp_rust::{
    async_channel,
    transport::{TokioWebSocketTransportFactory, Transport, TransportEvent, TransportFactory},
};

use super::Gate;

/// Opens sockets to the one address the gate gives out.
pub(super) struct GatedTransport(pub(super) Gate);

#[async_trait]
impl TransportFactory for GatedTransport {
    async fn create_transport(
        &self,
    ) -> anyhow::Result<(Arc<dyn Transport>, async_channel::Receiver<TransportEvent>)> {
        let url = self.0.socket().await?;
        TokioWebSocketTransportFactory::new().with_url(url).create_transport().await
    }
}
