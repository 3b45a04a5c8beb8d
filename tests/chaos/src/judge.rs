//! The verdict. Pure: what was accepted, what the phones show, what the API says, what Redis keeps.

use std::collections::{HashMap, HashSet};

use wagate_infra::redis::Census;

use crate::{
    evidence::{Said, Shown},
    load::Accepted,
    world::{Chat, Recipient},
};

/// Findings of one kind that are told in full.
const TOLD: usize = 20;
/// What Redis may have grown by in a run: its own tables and buffers, which it frees at its leisure.
const ROOM: u64 = 1024 * 1024;

/// All that is looked at.
pub(crate) struct Evidence<'a> {
    pub(crate) chats: &'a [Chat],
    pub(crate) accepted: &'a [Accepted],
    pub(crate) shown: &'a [Shown],
    pub(crate) said: &'a HashMap<String, Said>,
    pub(crate) base: &'a Census,
    pub(crate) end: &'a Census,
    /// Messages that reached the network again under their id.
    pub(crate) repeated: usize,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) shown_once: usize,
    pub(crate) lost: Vec<String>,
    pub(crate) twice: Vec<String>,
    pub(crate) out_of_order: Vec<String>,
    pub(crate) undecryptable: Vec<String>,
    pub(crate) untrue: Vec<String>,
    pub(crate) left_behind: Vec<String>,
    /// Messages that could be read only after they were asked for again.
    pub(crate) repaired: usize,
    /// Stanzas beyond the first of a message, wherever they were found out.
    pub(crate) duplicates: usize,
}

impl Verdict {
    /// Everything that is wrong, in plain words.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let kinds = [
            ("lost", &self.lost),
            ("shown twice", &self.twice),
            ("out of order", &self.out_of_order),
            ("never decrypted", &self.undecryptable),
            ("untrue status", &self.untrue),
            ("left in Redis", &self.left_behind),
        ];
        kinds.iter().flat_map(|(kind, found)| tell(kind, found)).collect()
    }
}

/// Findings of one kind, the first of them in full.
pub(crate) fn tell(kind: &str, found: &[String]) -> Vec<String> {
    let mut told: Vec<String> = found.iter().take(TOLD).map(|what| format!("{kind}: {what}")).collect();
    if found.len() > TOLD {
        told.push(format!("{kind}: … and {} more", found.len() - TOLD));
    }
    told
}

/// Judges.
pub(crate) fn judge(evidence: &Evidence<'_>) -> Verdict {
    let mut verdict = Verdict { duplicates: evidence.repeated, ..Verdict::default() };
    let mut by_text: HashMap<&str, Vec<&Shown>> = HashMap::new();
    for shown in evidence.shown {
        verdict.duplicates += shown.duplicates as usize;
        if shown.undecryptable {
            verdict
                .undecryptable
                .push(format!("{} on the phone {} from {}", shown.id, shown.phone, shown.from));
        } else if let Some(text) = &shown.text {
            verdict.repaired += usize::from(shown.retries > 0);
            by_text.entry(text).or_default().push(shown);
        }
    }
    for accepted in evidence.accepted {
        let chat = &evidence.chats[accepted.chat];
        let shown = by_text.get(accepted.text.as_str()).map_or(&[][..], Vec::as_slice);
        presence(&mut verdict, accepted, chat, shown);
        status(&mut verdict, accepted, chat, !shown.is_empty(), evidence.said.get(&accepted.id));
    }
    order(&mut verdict, evidence);
    strangers(&mut verdict, evidence);
    leftovers(&mut verdict, evidence);
    verdict
}

/// Shown once, on the right phone, under the id that was promised.
fn presence(verdict: &mut Verdict, accepted: &Accepted, chat: &Chat, shown: &[&Shown]) {
    let Accepted { text, id, stanza_id, .. } = accepted;
    match (chat.recipient, shown) {
        (Recipient::Nobody, []) => {}
        (Recipient::Nobody, _) => verdict.twice.push(format!("{text} ({id}) is for nobody and was shown")),
        (_, []) => verdict.lost.push(format!("{text} ({id}, {stanza_id}) to {}", chat.to)),
        (_, [once]) if once.phone == chat.to && once.id == *stanza_id => verdict.shown_once += 1,
        (_, [once]) => {
            verdict.lost.push(format!("{text} ({id}) came as {} on the phone {}", once.id, once.phone));
        }
        (_, many) => {
            let ids: Vec<&str> = many.iter().map(|shown| shown.id.as_str()).collect();
            verdict.twice.push(format!("{text} ({id}) on the phone {} as {}", chat.to, ids.join(", ")));
        }
    }
}

/// The API says what the phone did.
pub(crate) fn status(
    verdict: &mut Verdict,
    accepted: &Accepted,
    chat: &Chat,
    shown: bool,
    said: Option<&Said>,
) {
    let expected = chat.recipient.end();
    let found = said.map(|said| (said.status.as_str(), said.failure.as_deref()));
    if found != Some(expected) {
        let found = found.map_or("nothing".to_owned(), |(status, failure)| {
            format!("{status}{}", failure.map_or_else(String::new, |code| format!(" ({code})")))
        });
        let did = if shown { "has shown it" } else { "has not shown it" };
        verdict.untrue.push(format!(
            "{} ({}, {}): the API says {found} instead of {}; the phone {did}",
            accepted.text, accepted.id, accepted.stanza_id, expected.0
        ));
    }
}

/// What one session was told to say in one chat stands there in that order.
fn order(verdict: &mut Verdict, evidence: &Evidence<'_>) {
    let places: HashMap<&str, (usize, usize)> = evidence
        .accepted
        .iter()
        .map(|accepted| (accepted.text.as_str(), (accepted.chat, accepted.place)))
        .collect();
    let mut shown: Vec<&Shown> = evidence.shown.iter().collect();
    shown.sort_by_key(|shown| (&shown.phone, &shown.from, shown.position, shown.seq));
    let mut last: HashMap<usize, usize> = HashMap::new();
    for shown in shown {
        let Some((chat, place)) = shown.text.as_deref().and_then(|text| places.get(text)) else { continue };
        match last.get(chat) {
            Some(before) if before > place => verdict.out_of_order.push(format!(
                "{} stands behind message {before} of its chat on the phone {}",
                shown.text.as_deref().unwrap_or_default(),
                shown.phone
            )),
            _ => drop(last.insert(*chat, *place)),
        }
    }
}

/// Nothing is on a phone that nobody sent.
fn strangers(verdict: &mut Verdict, evidence: &Evidence<'_>) {
    let known: HashSet<&str> = evidence.accepted.iter().map(|accepted| accepted.text.as_str()).collect();
    for shown in evidence.shown.iter().filter(|shown| !shown.undecryptable) {
        if !shown.text.as_deref().is_some_and(|text| known.contains(text)) {
            let text = shown.text.as_deref().unwrap_or("something without a text");
            verdict.twice.push(format!("{text:?} on the phone {} was never accepted", shown.phone));
        }
    }
}

/// Redis keeps nothing for ever that it did not keep before.
fn leftovers(verdict: &mut Verdict, evidence: &Evidence<'_>) {
    let Evidence { base, end, .. } = evidence;
    let known: HashSet<&String> = base.lasting.iter().collect();
    verdict.left_behind.extend(end.lasting.iter().filter(|key| !known.contains(key)).cloned());
    if end.used_bytes > base.used_bytes + ROOM {
        verdict.left_behind.push(format!("{} bytes, {} at the beginning", end.used_bytes, base.used_bytes));
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
