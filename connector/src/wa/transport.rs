//! The socket, behind the gate; nothing leaves it before what it acknowledges, and what it rests on, is on record.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use tokio_websockets::ClientBuilder;
use wacore::{net::WHATSAPP_WEB_ORIGIN, stats::TransportResourceReport};
use whatsapp_rust::{
    async_channel,
    transport::{
        Connector, TokioWebSocketTransportFactory, Transport, TransportEvent, TransportFactory,
        default_tls_connector, from_websocket,
    },
};

use super::{
    EventSink, Gate, Ratchets, Route, WireEvent,
    order::Order,
    unstored::{Line, Unstored},
};

/// Longest wait for ratchets; whatever stands in their way, a new connection is free of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A socket and what comes over it.
type Opened = (Arc<dyn Transport>, async_channel::Receiver<TransportEvent>);

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
    pub(super) order: Order,
    pub(super) ratchets: Ratchets,
    /// The session's proxy, and who is told when it does not do its part.
    pub(super) route: Option<(Route, EventSink)>,
}

/// A socket that waits for the record.
struct Orderly {
    socket: Arc<dyn Transport>,
    line: Line,
    ratchets: Ratchets,
}

#[async_trait]
impl TransportFactory for GatedTransport {
    async fn create_transport(&self) -> anyhow::Result<Opened> {
        // the client connects again by itself, also one that has slept through the end of its lease
        anyhow::ensure!(self.ownership.is_ours().await, "the session is not known to be ours");
        let (socket, events) = match &self.route {
            None => {
                let url = self.gate.socket().await?;
                TokioWebSocketTransportFactory::new().with_url(url).create_transport().await?
            }
            Some((route, told)) => self.open_by(route, told).await?,
        };
        self.order.connect();
        let orderly = Orderly { socket, line: self.unstored.connect(), ratchets: self.ratchets.clone() };
        Ok((Arc::new(orderly), events))
    }
}

impl GatedTransport {
    async fn open_by(&self, route: &Route, told: &EventSink) -> anyhow::Result<Opened> {
        let (url, host, port) = self.gate.socket_by_proxy(route.resolves()).await?;
        let stream = route.connect(&host, port).await.inspect_err(|failed| {
            told(WireEvent::ProxyFailed(failed.to_string()));
        })?;
        let uri: http::Uri = url.parse()?;
        let connector =
            if uri.scheme_str() == Some("wss") { default_tls_connector() } else { Connector::Plain };
        let stream = connector.wrap(uri.host().unwrap_or_default(), stream).await?;
        let origin = http::HeaderValue::from_static(WHATSAPP_WEB_ORIGIN);
        let builder = ClientBuilder::from_uri(uri).add_header(http::header::ORIGIN, origin)?;
        let (socket, _) = builder.connect_on(stream).await?;
        Ok(from_websocket(socket))
    }
}

#[async_trait]
impl Transport for Orderly {
    async fn send(&self, data: Bytes) -> anyhow::Result<()> {
        self.line.clear().await?;
        self.line.while_up(PATIENCE, self.ratchets.settle()).await?;
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
