//! The socket, behind the gate; nothing leaves it before what came over it to be acknowledged is on record.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use wacore::stats::TransportResourceReport;
use whatsapp_rust::{
    async_channel,
    transport::{TokioWebSocketTransportFactory, Transport, TransportEvent, TransportFactory},
};

use super::{
    Gate,
    unstored::{Line, Unstored},
};

/// Says whether a session may still be connected from here.
#[async_trait]
pub(crate) trait Ownership: Send + Sync {
    /// False when somebody else holds it, whose connection a second one would throw out, and when nobody can be asked.
    async fn is_ours(&self) -> bool;
}

/// Opens sockets to the one address the gate gives out, for as long as the session is ours.
pub(super) struct GatedTransport {
    pub(super) gate: Gate,
    pub(super) ownership: Arc<dyn Ownership>,
    pub(super) unstored: Arc<Unstored>,
}

/// A socket that waits for the record.
struct Orderly {
    socket: Arc<dyn Transport>,
    line: Line,
}

#[async_trait]
impl TransportFactory for GatedTransport {
    async fn create_transport(
        &self,
    ) -> anyhow::Result<(Arc<dyn Transport>, async_channel::Receiver<TransportEvent>)> {
        // the client connects again by itself, also one that has slept through the end of its lease
        anyhow::ensure!(self.ownership.is_ours().await, "the session is not known to be ours");
        let url = self.gate.socket().await?;
        let opened = TokioWebSocketTransportFactory::new().with_url(url).create_transport().await;
        let (socket, events) = opened?;
        Ok((Arc::new(Orderly { socket, line: self.unstored.connect() }), events))
    }
}

#[async_trait]
impl Transport for Orderly {
    async fn send(&self, data: Bytes) -> anyhow::Result<()> {
        self.line.clear().await?;
        self.socket.send(data).await
    }

    async fn disconnect(&self) {
        self.line.end();
        self.socket.disconnect().await;
    }

    fn resource_report(&self) -> Option<TransportResourceReport> {
        self.socket.resource_report()
    }
}
