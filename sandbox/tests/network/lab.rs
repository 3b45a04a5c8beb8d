//! What tests do to the network, and what they read from its trace.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wagate_sandbox::faults::{Effect, Fault, Selector, Trigger};
use wagate_sandbox::trace::{Event, EventFilter, EventKind, StanzaSummary};

use crate::client::PATIENCE;
use crate::{Lan, eventually};

/// A fault that works once on what a selector accepts.
pub(crate) fn once(on: Selector, effect: Effect) -> Fault {
    Fault { on, when: Trigger { times: Some(1), ..Trigger::default() }, effect }
}

/// Stanzas of an account's clients and phone.
pub(crate) fn of(number: &str) -> Selector {
    Selector { number: Some(number.to_owned()), ..Selector::default() }
}

/// Stanzas of one device.
pub(crate) fn device(number: &str, device: u16) -> Selector {
    Selector { device: Some(device), ..of(number) }
}

/// Stanzas with a tag.
pub(crate) fn tag(tag: &str, on: Selector) -> Selector {
    Selector { tag: Some(tag.to_owned()), ..on }
}

impl Lan {
    /// Sets a fault and returns its number.
    pub(crate) fn fault(&self, fault: Fault) -> u64 {
        self.sandbox.faults().add(fault).expect("a fault that makes sense").id
    }

    /// Waits for an event, past ones included.
    pub(crate) async fn traced(&self, what: &str, pick: impl Fn(&Event) -> bool) -> Arc<Event> {
        self.traced_within(what, PATIENCE, pick).await
    }

    /// The same, for what takes its time.
    pub(crate) async fn traced_within(
        &self,
        what: &str,
        patience: Duration,
        pick: impl Fn(&Event) -> bool,
    ) -> Arc<Event> {
        let mut after = 0;
        let trace = self.sandbox.trace();
        let search = async {
            loop {
                let page = trace.next(after, &EventFilter::default(), 1000, PATIENCE).await;
                if let Some(found) = page.items.iter().find(|event| pick(event)) {
                    return Arc::clone(found);
                }
                after = page.next;
            }
        };
        tokio::time::timeout(patience, search).await.unwrap_or_else(|_| panic!("no {what} in the trace"))
    }

    /// Waits until a fault has worked so often, and returns those events.
    pub(crate) async fn applied(&self, fault: u64, times: usize) -> Vec<Arc<Event>> {
        eventually("fault at work", || async {
            let found = self.faults_traced(Some(fault));
            (found.len() >= times).then_some(found)
        })
        .await
    }

    /// Every time that a fault, or any, has worked so far.
    pub(crate) fn faults_traced(&self, fault: Option<u64>) -> Vec<Arc<Event>> {
        let filter = EventFilter { kinds: vec![EventKind::Fault], ..EventFilter::default() };
        let mut found = self.sandbox.trace().events(0, &filter, usize::MAX).items;
        found.retain(|event| fault.is_none() || event.fault.as_ref().map(|fault| fault.id) == fault);
        found
    }

    /// Waits for the nth event of a kind that an account's devices have.
    pub(crate) async fn nth(&self, number: &str, kind: EventKind, nth: usize) -> Arc<Event> {
        let filter = EventFilter { number: number.parse().ok(), kinds: vec![kind], ..EventFilter::default() };
        eventually(&format!("{kind:?} number {nth}"), || async {
            self.sandbox.trace().events(0, &filter, usize::MAX).items.get(nth - 1).cloned()
        })
        .await
    }

    /// Stanzas that have passed, in short.
    pub(crate) fn stanzas(&self, pick: impl Fn(&Event, &StanzaSummary) -> bool) -> Vec<StanzaSummary> {
        let filter = EventFilter { kinds: vec![EventKind::Stanza], ..EventFilter::default() };
        let events = self.sandbox.trace().events(0, &filter, usize::MAX).items;
        let stanza = |event: &Arc<Event>| {
            let stanza = event.stanza.as_deref()?;
            pick(event, stanza).then(|| stanza.clone())
        };
        events.iter().filter_map(stanza).collect()
    }

    /// Calls the control API and returns status and answer (null when it has none).
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.sandbox.control_url());
        let method = method.parse().expect("method");
        let mut request = reqwest::Client::new().request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("control API");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// The newest connection of an account.
    pub(crate) async fn connection(&self, number: &str) -> u64 {
        let (_, list) = self.call("GET", "/v1/connections", None).await;
        let items = list["items"].as_array().expect("items");
        let own = items.iter().rfind(|item| item["number"] == format!("+{number}")).expect("a connection");
        own["id"].as_u64().expect("id")
    }

    /// Ends an account's connection at once.
    pub(crate) async fn end(&self, number: &str, effect: &Effect) {
        let path = format!("/v1/connections/{}/end", self.connection(number).await);
        let (status, problem) = self.call("POST", &path, Some(json!({ "effect": effect }))).await;
        assert_eq!(status, 204, "{problem}");
    }
}
