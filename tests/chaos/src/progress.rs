//! How far the phones are: looked at all the time, for the callers to wait by and for the longest silence.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::sync::watch;

use crate::{
    evidence::{self, Shown},
    say,
    world::World,
};

/// Pause between two looks, which is how exactly a gap is known.
const LOOK: Duration = Duration::from_millis(50);
/// Pause between two lines of progress.
const TELL: Duration = Duration::from_secs(10);

/// What the phones have shown so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Messages shown.
    pub(crate) messages: usize,
    /// Longest time without a new one, between the first and the last.
    pub(crate) longest_gap: Duration,
}

/// Looks until nobody wants to know any more.
pub(crate) async fn follow(
    world: Arc<World>,
    seen: watch::Sender<Seen>,
    shown: watch::Sender<usize>,
) -> Result<()> {
    let begun = Instant::now();
    let (mut last, mut told) = (None::<Instant>, Instant::now());
    let mut own = Own::default();
    while !seen.is_closed() {
        let messages = count(&world, &mut own).await?;
        let mut now = *seen.borrow();
        if messages > now.messages {
            let gap = last.map_or(Duration::ZERO, |last| last.elapsed());
            now = Seen { messages, longest_gap: now.longest_gap.max(gap) };
            last = Some(Instant::now());
            seen.send_replace(now);
            shown.send_replace(messages);
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            say(&format!("{:>7.1} s  {messages} messages shown", begun.elapsed().as_secs_f64()));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// What the linked accounts' own phones were shown: written by others, not by callers.
#[derive(Debug, Default)]
struct Own {
    messages: usize,
    after: i64,
}

impl Own {
    /// Looks at what is new.
    async fn look(&mut self, world: &World) -> Result<()> {
        let numbers = world.sessions.iter().map(|session| session.number.as_str()).collect::<HashSet<_>>();
        loop {
            let page = evidence::inbox(world, self.after).await?;
            let own = |shown: &&Shown| !shown.undecryptable && numbers.contains(shown.phone.as_str());
            self.messages += page.iter().filter(own).count();
            match page.last() {
                Some(last) => self.after = last.seq,
                None => return Ok(()),
            }
        }
    }
}

async fn count(world: &World, own: &mut Own) -> Result<usize> {
    let totals = world.control.get("/v1/inbox/totals").await.expect(200).json();
    let all = usize::try_from(totals["messages"].as_u64().unwrap_or_default())?;
    // looked at last: what comes in between is missing until the next look, and nothing is ever seen too early
    own.look(world).await?;
    Ok(all.saturating_sub(own.messages))
}
