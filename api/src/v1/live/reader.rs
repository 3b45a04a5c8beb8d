//! What one reader of a live stream is still to be given.

use std::{collections::VecDeque, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use tokio::time::Instant;
use wagate_domain::{
    auth::Principal,
    events::{Selection, place_of},
    ports::{Fed, PortResult, ToldEntry},
};

use super::entrance::Entrance;
use crate::{ApiState, admission::Grants, problem::Problem};

/// How often a quiet stream shows that it is alive.
pub(super) const BEAT: Duration = Duration::from_secs(15);
/// How often it is asked whether the reader may still read.
const ASK: Duration = Duration::from_secs(1);
/// Events looked up together when some were missed.
const PAGE: u32 = 256;

/// The next thing for a reader.
pub(super) enum Next {
    /// An event.
    Event(Box<ToldEntry>),
    /// Nothing happened for a while.
    Beat,
    /// The end, and why.
    End(&'static str),
}

/// A reader of a live stream: it holds what was not given yet, which is one page at most.
pub(super) struct Reader {
    state: ApiState,
    caller: Principal,
    grants: Grants,
    asked: Instant,
    selection: Selection,
    position: u64,
    news: BoxStream<'static, Fed>,
    pending: VecDeque<ToldEntry>,
    /// Since when something waits to be taken.
    waiting_since: Option<Instant>,
    missed: bool,
}

impl Reader {
    /// A reader of what comes after an event, or from now on.
    pub(super) async fn new(state: ApiState, entrance: Entrance) -> Result<Self, Problem> {
        let Entrance { caller, grants, selection, after } = entrance;
        // followed before the place is known, so that nothing falls between
        let news = state.feed.follow();
        let position = match after {
            Some(id) => place_of(&*state.told, caller.workspace, id).await?,
            None => state.told.newest().await?,
        };
        let missed = after.is_some();
        Ok(Self {
            state,
            caller,
            grants,
            asked: Instant::now(),
            selection,
            position,
            news,
            pending: VecDeque::new(),
            waiting_since: None,
            missed,
        })
    }

    /// How long this reader may take over what is there.
    pub(super) fn patience(&self) -> Duration {
        self.state.limits.live_patience
    }

    /// The next thing; waits for it.
    pub(super) async fn next(&mut self) -> Next {
        let slow = self.waiting_since.take().is_some_and(|since| since.elapsed() > self.patience());
        if slow {
            return Next::End("slow_reader");
        }
        let quiet_since = Instant::now();
        loop {
            if self.asked.elapsed() >= ASK {
                self.asked = Instant::now();
                if !self.grants.still(&self.state).await {
                    return Next::End("key_revoked");
                }
            }
            if let Some(entry) = self.pending.pop_front() {
                // if this is not taken for long, so are those behind it
                self.waiting_since = (!self.pending.is_empty()).then(Instant::now);
                return Next::Event(Box::new(entry));
            }
            if self.missed {
                if let Err(error) = self.look_up().await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a live stream ends");
                    return Next::End("unavailable");
                }
                continue;
            }
            match tokio::time::timeout(ASK, self.news.next()).await {
                Err(_) if quiet_since.elapsed() >= BEAT => return Next::Beat,
                Err(_) => {}
                Ok(Some(Fed::Over) | None) => return Next::End("going_away"),
                Ok(Some(Fed::Missed)) => self.missed = true,
                Ok(Some(Fed::Told(entries))) => self.take(&entries),
            }
        }
    }

    fn take(&mut self, entries: &[ToldEntry]) {
        for entry in entries {
            if entry.seq <= self.position {
                continue;
            }
            self.position = entry.seq;
            if entry.told.workspace == self.caller.workspace && self.selection.takes(entry) {
                self.pending.push_back(entry.clone());
            }
        }
    }

    /// Reads a page from the record; what the feed brings meanwhile is told apart by its place.
    async fn look_up(&mut self) -> PortResult<()> {
        let newest = self.state.told.newest().await?;
        let query = self.selection.query(self.position, PAGE);
        let found = self.state.told.list(self.caller.workspace, &query).await?;
        self.missed = found.len() >= PAGE as usize;
        self.position = match found.last() {
            Some(last) if self.missed => last.seq,
            // none of those up to here was wanted
            _ => newest.max(found.last().map_or(0, |last| last.seq)).max(self.position),
        };
        self.pending.extend(found);
        Ok(())
    }
}
