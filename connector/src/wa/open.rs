//! Opening a linked device (or one that is to be linked).

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;
use wacore::store::DevicePropsOverride;
use waproto::whatsapp::device_props::PlatformType;
use whatsapp_rust::{CacheConfig, CacheEntryConfig, TokioRuntime, bot::Bot};

use super::{
    Gate, InboundSink, News, Route, WireEvent,
    acks::AckBook,
    events::Tap,
    history::{History, Piece},
    hook::Hook,
    http::WaHttp,
    link::Link,
    transport::{GatedTransport, Ownership},
    unstored::{Held, Unstored},
    version::Version,
};
use crate::{
    config::{Network, StartError},
    ports::SessionStore,
};

/// Where a device's events go.
pub(crate) type EventSink = Arc<dyn Fn(WireEvent) + Send + Sync>;

/// Where a device's news go, with what holds their acknowledgements back.
pub(crate) type NewsSink = mpsc::UnboundedSender<(News, Option<Held>)>;

/// Where a device's pieces of history go.
pub(crate) type HistorySink = mpsc::UnboundedSender<(News, Piece)>;

/// Where everything goes that a device tells by itself.
pub(crate) struct Feeds {
    /// What the session's actor acts upon.
    pub(crate) events: EventSink,
    /// What is only written down.
    pub(crate) news: NewsSink,
    /// The past.
    pub(crate) history: HistorySink,
}

/// Opens devices; one per connector.
#[derive(Debug)]
pub(crate) struct Links {
    gate: Gate,
    http: WaHttp,
    version: Version,
    device_name: String,
}

/// A device could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("the device could not be opened")]
pub(crate) struct OpenError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Links {
    /// Checks that the network fits the build.
    pub(crate) fn new(network: &Network, device_name: &str) -> Result<Self, StartError> {
        let gate = Gate::new(network)?;
        let http = WaHttp::new(gate.clone())?;
        Ok(Self { gate, http, version: Version::new(), device_name: device_name.to_owned() })
    }

    /// Opens the device kept in `store` and starts connecting, by `route` if there is one. Events come until [`WireEvent::Ended`].
    pub(crate) async fn open(
        &self,
        store: SessionStore,
        inbound: Arc<dyn InboundSink>,
        (ownership, route): (Arc<dyn Ownership>, Option<Route>),
        feeds: Feeds,
    ) -> Result<Link, OpenError> {
        let http = self.http(route.as_ref(), &feeds.events).await?;
        let route = route.map(|route| (route, Arc::clone(&feeds.events)));
        let acks = Arc::new(AckBook::default());
        let (unstored, order, lost) = (Arc::new(Unstored::default()), store.order, store.lost);
        let transport = GatedTransport {
            gate: self.gate.clone(),
            ownership,
            unstored: Arc::clone(&unstored),
            order: order.clone(),
            ratchets: store.ratchets.clone(),
            route,
        };
        let history = Arc::new(History::new(store.owed));
        let sink = Arc::clone(&feeds.events);
        let hook = Hook {
            sink: inbound,
            order: order.clone(),
            history: Arc::clone(&history),
            replays: store.replays,
        };
        let tap = Tap {
            acks: Arc::clone(&acks),
            feeds,
            unstored,
            order: order.clone(),
            history: Arc::clone(&history),
        };
        let device = DevicePropsOverride::new()
            .with_os(self.device_name.clone())
            .with_platform_type(PlatformType::CHROME);
        let bot = Bot::builder()
            .with_backend_arc(store.backend)
            .with_transport_factory(transport)
            .with_http_client(http.clone())
            .with_runtime(TokioRuntime)
            .with_version(self.version.current(&http).await)
            .with_device_props(device)
            .with_cache_config(bounded())
            .with_inbound_durability_hook(hook)
            .with_event_handler(tap)
            .build()
            .await
            .map_err(|error| OpenError(Box::new(error)))?;
        let client = bot.client();
        store.ratchets.belong_to(&client);
        let running = bot.spawn();
        let (waiters, catchup) = (Arc::clone(&acks), order.catchup().clone());
        let asking = Arc::clone(&client);
        let arrivals = client.acquire_raw_node_forwarding();
        tokio::spawn(async move {
            let _arrivals = arrivals;
            tokio::select! {
                _ = running => {}
                never = history.keep_asking(&asking) => match never {},
                never = order.keep_asking(&asking) => match never {},
                never = lost.keep_asking(&asking) => match never {},
            }
            waiters.fail_all();
            sink(WireEvent::Ended);
        });
        Ok(Link::new(client, acks, store.sent, store.ratchets, catchup))
    }
}

impl Links {
    /// The HTTP side of a session: by its proxy, if it has one.
    async fn http(&self, route: Option<&Route>, told: &EventSink) -> Result<WaHttp, OpenError> {
        let Some(route) = route else { return Ok(self.http.clone()) };
        let proxy = route.for_http().await.map_err(|failed| {
            told(WireEvent::ProxyFailed(failed.to_string()));
            OpenError(Box::new(failed))
        })?;
        WaHttp::by(self.gate.clone(), Some(&proxy)).map_err(|error| OpenError(Box::new(error)))
    }
}

/// Caches for one session among many: the store behind them has everything.
fn bounded() -> CacheConfig {
    let hour = Some(Duration::from_hours(1));
    CacheConfig {
        group_cache: CacheEntryConfig::new(hour, 100),
        device_registry_cache: CacheEntryConfig::new(hour, 2_000),
        lid_pn_cache: CacheEntryConfig::new(None, 20_000),
        message_retry_counts: CacheEntryConfig::new(hour, 500),
        undecryptable_dispatched: CacheEntryConfig::new(Some(Duration::from_mins(5)), 500),
        sender_key_devices_cache: CacheEntryConfig::new(hour, 100),
        session_locks_capacity: 4_000,
        chat_lanes_capacity: 2_000,
        group_distribution_locks_capacity: 256,
        resend_rate_limiter_capacity: 1_024,
        ..CacheConfig::default()
    }
}
