//! What is printed of what came in.

use super::{
    judge::{Evidence, Verdict},
    manner::Manner,
};

/// The figures of what came in, and what is wrong.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) rows: Vec<(String, String)>,
    /// Findings by kind.
    pub(crate) wrong: Vec<(&'static str, Vec<String>)>,
}

impl Outcome {
    pub(super) fn new(evidence: &Evidence<'_>, verdict: &Verdict) -> Self {
        let mut rows = vec![
            ("messages that phones wrote".to_owned(), evidence.written.len().to_string()),
            ("taken by the receiver".to_owned(), verdict.taken.to_string()),
        ];
        rows.extend(verdict.kinds().map(|(kind, found)| (format!("… {kind}"), found.len().to_string())));
        rows.push(("… taken again, under the same id".to_owned(), verdict.again.to_string()));
        let longest = format!("{:.1} s", verdict.longest.as_secs_f64());
        rows.push(("longest from a phone's sending to the first 2xx".to_owned(), longest));
        rows.push(("requests to the receiver".to_owned(), evidence.calls.len().to_string()));
        for manner in Manner::ALL {
            let count = evidence.calls.iter().filter(|call| call.manner == manner).count();
            rows.push((format!("… answered: {manner}"), count.to_string()));
        }
        let wrong = verdict.kinds().map(|(kind, found)| (kind, found.clone())).into();
        Self { rows, wrong }
    }
}
