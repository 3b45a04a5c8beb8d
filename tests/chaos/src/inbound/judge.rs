//! The verdict on what came in. Pure: what phones wrote, what the receiver was told, what the API has on record.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

use super::{
    manner::Manner,
    receiver::Call,
    record::{Listed, Stats, Told},
    writers::Written,
};

/// Events that may be newer than the last one a webhook was told of: those of other workspaces' last words.
const BEHIND_AT_MOST: u64 = 50;

/// All that is looked at.
pub(super) struct Evidence<'a> {
    pub(super) written: &'a [Written],
    /// In the order in which they came.
    pub(super) calls: &'a [Call],
    pub(super) told: &'a [Told],
    pub(super) listed: &'a [Listed],
    /// By workspace.
    pub(super) stats: &'a [Stats],
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) taken: usize,
    pub(super) lost: Vec<String>,
    pub(super) out_of_order: Vec<String>,
    pub(super) two_ids: Vec<String>,
    pub(super) unsigned: Vec<String>,
    pub(super) strange: Vec<String>,
    pub(super) not_once: Vec<String>,
    pub(super) left: Vec<String>,
    /// Messages taken again after they were taken.
    pub(super) again: usize,
    /// Longest time from a phone's sending to the first 2xx.
    pub(super) longest: Duration,
}

impl Verdict {
    /// Everything that is wrong, by kind.
    pub(super) fn kinds(&self) -> [(&'static str, &Vec<String>); 7] {
        [
            ("written and never taken", &self.lost),
            ("taken out of order", &self.out_of_order),
            ("told under two ids", &self.two_ids),
            ("badly signed", &self.unsigned),
            ("told of what nobody wrote", &self.strange),
            ("not once on record", &self.not_once),
            ("webhooks not at rest", &self.left),
        ]
    }
}

/// What makes a message one: its session and WhatsApp's id.
type Key<'a> = (&'a str, &'a str);

/// Judges.
pub(super) fn judge(evidence: &Evidence<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let written: HashMap<Key<'_>, &Written> =
        evidence.written.iter().map(|one| ((one.session.as_str(), one.stanza_id.as_str()), one)).collect();
    let sound: Vec<(&Call, &Written)> = evidence
        .calls
        .iter()
        .filter_map(|call| known(&mut verdict, call, &written).map(|one| (call, one)))
        .collect();
    let taken = taken(&mut verdict, &sound, evidence.told);
    for one in evidence.written.iter().filter(|one| !taken.contains(one.text.as_str())) {
        verdict.lost.push(format!("{:?} ({}, {})", one.text, one.session, one.stanza_id));
    }
    ids(&mut verdict, evidence, &sound);
    record(&mut verdict, evidence);
    rest(&mut verdict, evidence);
    verdict
}

/// What a request is about; a request that nobody should have made is noted.
fn known<'a>(
    verdict: &mut Verdict,
    call: &Call,
    written: &HashMap<Key<'_>, &'a Written>,
) -> Option<&'a Written> {
    if let Some(why) = &call.unsigned {
        verdict.unsigned.push(format!("{} ({:?}): {why}", call.event, call.text));
    }
    let found = written
        .get(&(call.session.as_str(), call.stanza_id.as_str()))
        .copied()
        .filter(|one| one.tenant == call.tenant && one.text == call.text && call.kind == "message.received");
    if found.is_none() {
        verdict.strange.push(format!(
            "{} {} ({:?}, {}) at the webhook of workspace {}",
            call.kind, call.event, call.text, call.stanza_id, call.tenant
        ));
    }
    found
}

/// What was taken, which was in order the first time.
fn taken<'a>(verdict: &mut Verdict, calls: &[(&Call, &'a Written)], told: &[Told]) -> HashSet<&'a str> {
    let mut taken = HashSet::new();
    let mut last: HashMap<usize, (&Call, &Written)> = HashMap::new();
    for (call, one) in calls.iter().filter(|(call, _)| call.manner == Manner::Takes) {
        if !taken.insert(one.text.as_str()) {
            verdict.again += 1;
            continue;
        }
        verdict.taken += 1;
        verdict.longest = verdict.longest.max(call.at.saturating_duration_since(one.at));
        match last.get(&one.chat) {
            Some((earlier, before)) if before.place > one.place => {
                let place = |call: &Call| told.iter().position(|one| one.event == call.event);
                let whose = if place(call) > place(earlier) { "told" } else { "delivered, not told," };
                verdict.out_of_order.push(format!(
                    "{:?} ({}, {}) was {whose} after {} ({}, {})",
                    one.text, call.stanza_id, call.event, before.place, earlier.stanza_id, earlier.event
                ));
            }
            _ => drop(last.insert(one.chat, (call, one))),
        }
    }
    taken
}

/// One message, one event: at the receiver and on record.
fn ids(verdict: &mut Verdict, evidence: &Evidence<'_>, calls: &[(&Call, &Written)]) {
    let mut of_message: HashMap<Key<'_>, BTreeSet<&str>> = HashMap::new();
    let mut of_event: HashMap<&str, BTreeSet<Key<'_>>> = HashMap::new();
    let called = calls.iter().map(|(call, _)| (call.session.as_str(), call.stanza_id.as_str(), &call.event));
    let told = evidence.told.iter().map(|one| (one.session.as_str(), one.stanza_id.as_str(), &one.event));
    for (session, stanza_id, event) in called.chain(told) {
        of_message.entry((session, stanza_id)).or_default().insert(event);
        of_event.entry(event).or_default().insert((session, stanza_id));
    }
    for ((session, stanza_id), ids) in of_message.into_iter().filter(|(_, ids)| ids.len() > 1) {
        verdict.two_ids.push(format!("{stanza_id} of {session}: {ids:?}"));
    }
    for (event, messages) in of_event.into_iter().filter(|(_, messages)| messages.len() > 1) {
        verdict.two_ids.push(format!("{event} is {messages:?}"));
    }
}

/// What was written, and nothing else, is on record once: as a message and as an event.
fn record(verdict: &mut Verdict, evidence: &Evidence<'_>) {
    let mut listed: HashMap<(&str, &str, &str), usize> = HashMap::new();
    for one in evidence.listed {
        *listed.entry((&one.session, &one.stanza_id, &one.text)).or_default() += 1;
    }
    let mut told: HashMap<(usize, &str, &str), usize> = HashMap::new();
    for one in evidence.told {
        *told.entry((one.tenant, &one.session, &one.stanza_id)).or_default() += 1;
    }
    for one in evidence.written {
        let messages = listed.remove(&(one.session.as_str(), &one.stanza_id, &one.text)).unwrap_or_default();
        let events = told.remove(&(one.tenant, one.session.as_str(), &one.stanza_id)).unwrap_or_default();
        if (messages, events) != (1, 1) {
            verdict
                .not_once
                .push(format!("{:?} ({}): {messages} messages, {events} events", one.text, one.stanza_id));
        }
    }
    let unknown = listed.into_keys().map(|(session, stanza_id, text)| {
        format!("a message that nobody wrote: {text:?} ({session}, {stanza_id})")
    });
    verdict.not_once.extend(unknown);
    let unknown = told.into_keys().map(|(tenant, session, stanza_id)| {
        format!("an event of what nobody wrote: {stanza_id} of {session} in workspace {tenant}")
    });
    verdict.not_once.extend(unknown);
}

/// Nothing waits, nothing was given up, and everything is counted as delivered, once.
fn rest(verdict: &mut Verdict, evidence: &Evidence<'_>) {
    for (tenant, stats) in evidence.stats.iter().enumerate() {
        let written = written_to(tenant, evidence.written);
        if !is_at_rest(stats, written) {
            verdict.left.push(format!("that of workspace {tenant} with {written} messages: {stats:?}"));
        }
    }
}

/// How many messages were written to a workspace.
pub(super) fn written_to(tenant: usize, written: &[Written]) -> u64 {
    written.iter().filter(|one| one.tenant == tenant).count() as u64
}

/// Whether a webhook has told of so many messages, and nothing is left to do for it.
pub(super) const fn is_at_rest(stats: &Stats, written: u64) -> bool {
    let nothing_waits = stats.waiting == 0 && stats.failed == 0 && stats.behind <= BEHIND_AT_MOST;
    stats.enabled && nothing_waits && stats.delivered == written
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
