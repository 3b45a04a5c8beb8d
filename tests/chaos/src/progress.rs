//! How far the phones are: looked at all the time, for the callers to wait by and for the longest silence.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::sync::watch;

use crate::{say, world::World};

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
    while !seen.is_closed() {
        let messages = count(&world).await?;
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

async fn count(world: &World) -> Result<usize> {
    let totals = world.control.get("/v1/inbox/totals").await.expect(200).json();
    Ok(usize::try_from(totals["messages"].as_u64().unwrap_or_default())?)
}
