//! What is printed at the end.

use std::{fmt, sync::atomic::Ordering, time::Duration};

use wagate_infra::redis::Census;

use crate::{
    inbound::Outcome,
    judge::{Verdict, tell},
    load::{Accepted, Asked},
    progress::Seen,
    settings::Settings,
    storm::Damage,
};

/// The figures of a run, and what is wrong.
#[derive(Debug)]
pub struct Report {
    rows: Vec<(String, String)>,
    wrong: Vec<String>,
}

/// Redis before and after.
pub(crate) type Kept<'a> = (&'a Census, &'a Census);

impl Report {
    #[expect(clippy::too_many_arguments, reason = "everything a run has found out, in one place")]
    pub(crate) fn new(
        settings: &Settings,
        accepted: &[Accepted],
        asked: &Asked,
        damage: Damage,
        seen: Seen,
        verdict: &Verdict,
        (base, end): Kept<'_>,
        took: Duration,
    ) -> Self {
        let mut report = Self { rows: Vec::new(), wrong: verdict.wrong() };
        let size = settings.size;
        report.row("seed", settings.seed);
        report.row("SQL", format!("{:?}", settings.db));
        report.row("lease", format!("{:?}", settings.lease));
        report.row("workspaces, sessions", format!("{}, {}", size.workspaces, size.sessions));
        report.row("messages accepted", accepted.len());
        report.row("… requests repeated under the same key", asked.again.load(Ordering::Relaxed));
        report.row("… of these given the first answer", asked.replayed.load(Ordering::Relaxed));
        report.row("shown exactly once", verdict.shown_once);
        report.row("lost", verdict.lost.len());
        report.row("shown twice", verdict.twice.len());
        report.row("out of order", verdict.out_of_order.len());
        report.row("never decrypted", verdict.undecryptable.len());
        report.row("decrypted when asked for again", verdict.repaired);
        report.row("untrue statuses", verdict.untrue.len());
        report.row("duplicates on the wire", verdict.duplicates);
        report.row("longest gap between two shown messages", seconds(seen.longest_gap));
        report.takeovers(&damage);
        report.row("left in Redis", verdict.left_behind.len());
        report
            .row("Redis memory before, after", format!("{}, {}", kib(base.used_bytes), kib(end.used_bytes)));
        report.row("whole run", seconds(took));
        for (kind, count) in damage.strikes {
            report.row(&format!("strike: {kind}"), count);
        }
        report
    }

    /// With what came in.
    pub(crate) fn and(mut self, came_in: Outcome) -> Self {
        self.rows.extend(came_in.rows);
        self.wrong.extend(came_in.wrong.iter().flat_map(|(kind, found)| tell(kind, found)));
        self
    }

    fn takeovers(&mut self, damage: &Damage) {
        for how in ["killed", "asleep", "ended in order"] {
            let mut took: Vec<_> = damage.takeovers.iter().filter(|one| one.how == how).collect();
            took.sort_by_key(|one| one.took);
            let (Some(shortest), Some(longest)) = (took.first(), took.last()) else { continue };
            let sessions: usize = took.iter().map(|one| one.sessions).sum();
            let spread = format!(
                "{} of {sessions} sessions, {} to {}",
                took.len(),
                seconds(shortest.took),
                seconds(longest.took)
            );
            self.row(&format!("take-overs from a connector {how}"), spread);
        }
    }

    fn row(&mut self, what: &str, value: impl fmt::Display) {
        self.rows.push((what.to_owned(), value.to_string()));
    }

    /// Everything that is wrong, in plain words; empty after a sound run.
    #[must_use]
    pub fn wrong(&self) -> &[String] {
        &self.wrong
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|(what, _)| what.chars().count()).max().unwrap_or_default();
        for (what, value) in &self.rows {
            writeln!(f, "| {what:<width$} | {value:>32} |")?;
        }
        for wrong in &self.wrong {
            writeln!(f, "wrong: {wrong}")?;
        }
        Ok(())
    }
}

fn seconds(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

fn kib(bytes: u64) -> String {
    format!("{} KiB", bytes / 1024)
}
