//! The device of a session: opened, watched, closed, forgotten.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use wagate_domain::{
    events::EventData,
    ports::PortError,
    sessions::{Proxy, Reason, Session, Signal, State},
};

use super::{
    Input,
    actor::Actor,
    append::Appender,
    contest::Contest,
    history::HistoryStore,
    news::NewsStore,
    ours::Ours,
    outbox::{Entry, chain},
    reaction::{Reaction, Then, reaction},
};
use crate::wa::{EventSink, Feeds, InboundSink, Link, Route, WireEvent};

/// How soon opening is tried again after a failure.
const OPEN_AGAIN: Duration = Duration::from_secs(2);

/// Whose account is linked, as last told.
type Linked = (String, Option<String>, Option<String>);

/// The device and what is known of it.
pub(super) struct Device {
    /// Counts the devices opened; events of earlier ones are ignored.
    pub(super) generation: u64,
    pub(super) link: Option<Link>,
    /// Whose account it is; absent while none is linked.
    pub(super) linked: Option<Linked>,
    /// What it reaches WhatsApp by.
    proxy: Option<Proxy>,
    online: watch::Sender<Option<Link>>,
    /// Whether another connection may be a former owner's.
    contest: Contest,
    open_at: Option<Instant>,
    /// Ends the storing of the device's news.
    news: Option<DropGuard>,
}

impl Device {
    pub(super) fn new(session: &Session, contested: bool, online: watch::Sender<Option<Link>>) -> Self {
        let linked = session.pn.clone().map(|pn| (pn, session.lid.clone(), session.push_name.clone()));
        let proxy = session.proxy.clone();
        let contest = Contest::new(contested, Instant::now());
        Self { generation: 0, link: None, linked, proxy, online, contest, open_at: None, news: None }
    }

    pub(super) const fn timer(&self) -> Option<Instant> {
        self.open_at
    }

    /// Whether nothing happens until somebody asks.
    pub(super) const fn is_parked(&self) -> bool {
        self.link.is_none() && self.open_at.is_none()
    }
}

impl Actor {
    /// Whether a session that was just taken over is to be opened: not after a verdict that waits for a
    /// person, and not when its QR codes ran out unseen.
    pub(super) fn should_start(&self) -> bool {
        match self.state {
            State::LoggedOut | State::Banned | State::Outdated | State::Failed => false,
            State::Created => self.reason.is_none(),
            _ => true,
        }
    }

    /// Opens the device, from whatever state.
    pub(super) async fn start(&mut self) {
        self.signal(Signal::Start, None);
        self.reopen().await;
    }

    /// Closes the device, if one is open, and opens it anew.
    pub(super) async fn reopen(&mut self) {
        self.close_device().await;
        self.device.open_at = None;
        match self.open().await {
            Ok((link, news)) => {
                self.device.link = Some(link);
                self.device.news = Some(news);
            }
            Err(error) => {
                if is_stale(error.as_ref()) {
                    self.stale = true;
                    return;
                }
                tracing::warn!(session = %self.key.id, error = %chain(error.as_ref()), "device not opened; trying again");
                self.device.open_at = Some(Instant::now() + OPEN_AGAIN);
            }
        }
    }

    async fn open(&self) -> Result<(Link, DropGuard), Box<dyn std::error::Error + Send + Sync>> {
        let store = self.shared.backends.open(self.key, self.epoch).await?;
        let inbound: Arc<dyn InboundSink> = Arc::new(self.inbound.clone());
        let inbox = self.inbox.clone();
        let generation = self.device.generation;
        let events: EventSink = Arc::new(move |event| {
            // an actor that has ended does not listen, and need not
            let _ = inbox.send(Input::Wire { generation, event });
        });
        let (news, news_feed) = mpsc::unbounded_channel();
        let (history, history_feed) = mpsc::unbounded_channel();
        let ownership = Arc::new(Ours::new(&self.shared, (self.key, self.epoch), self.inbox.clone()));
        let feeds = Feeds { events, news, history };
        let guard = self.shared.config.proxies.clone();
        let route = self.device.proxy.clone().map(|proxy| Route::new(proxy, guard));
        let link = self.shared.links.open(store, inbound, (ownership, route), feeds).await?;
        let closed = CancellationToken::new();
        let appender = Appender {
            session: self.key,
            epoch: self.epoch,
            log: Arc::clone(&self.shared.ports.log),
            inbox: self.inbox.clone(),
        };
        let news = NewsStore { env: self.shared.env.clone(), appender: appender.clone() };
        tokio::spawn(news.run(link.clone(), news_feed, closed.clone()));
        let history = HistoryStore {
            env: self.shared.env.clone(),
            appender,
            polls: Arc::clone(&self.shared.ports.polls),
            fetching: self.inbound.fetching.behind(Arc::clone(&self.shared.past_slots)),
        };
        tokio::spawn(history.run(link.clone(), history_feed, closed.clone()));
        Ok((link, closed.drop_guard()))
    }

    /// Goes by the session's proxy; by a new one it connects anew.
    pub(super) async fn change_proxy(&mut self, session: &Session) {
        if self.device.proxy == session.proxy {
            return;
        }
        self.device.proxy.clone_from(&session.proxy);
        if !self.device.is_parked() {
            self.signal(Signal::Lost, None);
            self.reopen().await;
        }
    }

    pub(super) async fn device_timers(&mut self) {
        if self.device.open_at.is_some_and(|at| Instant::now() >= at) {
            self.reopen().await;
        }
    }

    /// Closes the device; what it says from now on is ignored.
    pub(super) async fn close_device(&mut self) {
        self.device.generation += 1;
        self.device.open_at = None;
        self.device.online.send_replace(None);
        if let Some(link) = self.device.link.take() {
            link.close().await;
        }
        self.device.news = None;
    }

    /// Forgets the linked account with its credentials.
    pub(super) async fn unlink(&mut self) {
        self.close_device().await;
        match self.shared.backends.clear(self.key, self.epoch).await {
            Ok(()) => {}
            Err(PortError::Stale) => self.stale = true,
            // opening finds the old credentials, is refused, and clears them then
            Err(error) => {
                tracing::error!(session = %self.key.id, error = %chain(&error), "credentials not cleared");
            }
        }
        if self.device.linked.take().is_some() {
            self.publish(EventData::SessionUnlinked {});
        }
    }

    pub(super) async fn on_wire(&mut self, event: WireEvent) {
        let Reaction { signal, reason, then } = reaction(&event, self.device.contest.is_on(Instant::now()));
        match event {
            WireEvent::Online => self.online(),
            WireEvent::Paired => self.paired(),
            WireEvent::Renamed => self.tell_linked(),
            WireEvent::Lost | WireEvent::ProxyFailed(_) | WireEvent::Over(_) | WireEvent::Ended => {
                self.device.online.send_replace(None);
            }
            WireEvent::Qr { code, valid_for } => self.on_qr(code, valid_for),
            WireEvent::QrExhausted { closed } => self.on_qr_exhausted(closed).await,
            WireEvent::CodeVoid => self.on_code_void().await,
            WireEvent::PairFailed(why) => {
                tracing::warn!(session = %self.key.id, why, "a phone could not link the session");
            }
            WireEvent::Messages(messages) => {
                if let Some(link) = self.device.link.clone() {
                    let mut batch = Vec::with_capacity(messages.len());
                    for (message, info) in messages {
                        batch.push(link.identified(message, info).await);
                    }
                    self.outbox.push(Entry::Inbound(batch));
                }
            }
            WireEvent::Acked => {}
        }
        match then {
            Then::GoOn => {}
            Then::Park => self.close_device().await,
            Then::Unlink => self.unlink().await,
            Then::Reopen | Then::TakeBack => {
                if then == Then::TakeBack {
                    self.device.contest.take_back();
                }
                self.close_device().await;
                self.device.open_at = Some(Instant::now() + OPEN_AGAIN);
            }
        }
        if let Some(signal) = signal {
            self.move_on(signal, reason);
            if signal == Signal::Online {
                self.tell_restriction();
            }
        }
    }

    /// Applies what the wire means, unless it would only repeat what is known.
    fn move_on(&mut self, signal: Signal, reason: Option<Reason>) {
        // being asked to pair again while pairing is no news
        if signal == Signal::AwaitPairing && self.state == State::Pairing {
            return;
        }
        // what was said of a lost connection stays until there is one again
        if signal == Signal::Lost && self.state == State::Reconnecting && reason.is_none() {
            return;
        }
        self.signal(signal, reason);
    }

    fn online(&mut self) {
        self.tell_linked();
        self.device.online.send_replace(self.device.link.clone());
        if let Some(link) = &self.device.link {
            self.repeat_wishes(link);
        }
        self.lane.wake();
        self.pairing_closed("already_linked", "the session is linked");
    }

    fn paired(&mut self) {
        self.tell_linked();
        self.pairing_closed("already_linked", "the session is linked");
    }

    /// Publishes whose account it is, when that is news.
    fn tell_linked(&mut self) {
        let Some(link) = &self.device.link else { return };
        let own = link.own();
        self.inbound.set_own(own.clone());
        let Some(pn) = own.pn else { return };
        let linked = (pn, own.lid, link.push_name());
        if self.device.linked.as_ref() == Some(&linked) {
            return;
        }
        self.device.linked = Some(linked.clone());
        let (pn, lid, push_name) = linked;
        self.publish(EventData::SessionLinked { pn, lid, push_name });
    }
}

/// Whether an error says, somewhere down its causes, that the lease was lost.
fn is_stale(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if matches!(error.downcast_ref(), Some(PortError::Stale)) {
            return true;
        }
        cause = error.source();
    }
    false
}
