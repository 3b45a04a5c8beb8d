//! The chaos suite: real processes of the built program send messages while everything that can break
//! does, and the simulated phones' inboxes say what became of them. Phones write at the same time, and a receiver of
//! webhooks says what became of that.
//!
//! `process`, `cast`, `machines` and `world` are what plays; `load` the callers; `inbound` the phones that write and the
//! receiver that is told of it; `storm` what strikes; `evidence` and `judge` the verdict; `report` what is printed. Nothing is judged by time: patience only ends
//! a run that would never end.

mod cast;
mod evidence;
mod inbound;
mod judge;
mod load;
mod machines;
mod process;
mod progress;
mod report;
mod settings;
mod stale;
mod storm;
mod wait;
mod world;

use std::{sync::Arc, time::Instant};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::sync::watch;
use wagate_domain::ports::Lanes;
use wagate_infra::redis::RedisLanes;

use crate::{
    evidence::Said,
    inbound::Inbound,
    judge::{Evidence, Verdict, judge},
    load::{Accepted, Load},
    progress::Seen,
    storm::{Storm, plan},
    wait::until_still,
    world::{Recipient, World},
};
pub use report::Report;
pub use settings::{Db, Settings, Size};
pub use stale::stale_owner;

/// Plays one storm and judges it.
///
/// # Errors
/// When something does not start, a caller is refused, a session is never taken over, or a process ends by itself.
/// What the phones and Redis show to be wrong is in the report.
pub async fn run(settings: &Settings) -> Result<Report> {
    let begun = Instant::now();
    let temporary = TempDir::with_prefix("wagate-chaos-")?;
    let folder = settings.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let steps = plan(settings.seed, &settings.size);
    say(&format!("seed {}, {} strikes:", settings.seed, steps.len()));
    for step in &steps {
        say(&format!("  at {:>6}  {}", step.at, step.strike));
    }
    let world = Arc::new(World::start(settings, &folder.canonicalize()?).await?);
    say(&format!("{:.1} s: {} sessions linked", begun.elapsed().as_secs_f64(), world.sessions.len()));
    // the queue's marks belong to what Redis keeps for ever
    let lanes = RedisLanes::new(world.redis.clone());
    wagate_tests::eventually("a marked queue", || async { lanes.is_intact().await.ok()?.then_some(()) })
        .await;
    let inbound = Inbound::begin(Arc::clone(&world), settings).await?;
    let base = world.redis.census().await?;

    let (seen, mut last_seen) = watch::channel(Seen::default());
    let (shown, waiting) = watch::channel(0);
    let following = tokio::spawn(progress::follow(Arc::clone(&world), seen, shown));
    let load = Load::new(&world, settings.size.window(), waiting)?;
    let storm = Storm::new(Arc::clone(&world)).rage(steps, load.accepted());
    let writing = inbound.write(load.accepted());
    let (accepted, damage, written) = tokio::try_join!(load.run(), storm, writing)?;
    let (out, wrote) = (accepted.len(), written.len());
    say(&format!("{:.1} s: {out} messages accepted, {wrote} written", begun.elapsed().as_secs_f64()));

    let said = quiet(&world, &accepted, &mut last_seen).await?;
    let (came_in, written) = inbound.end(written).await?;
    let shown = inbound::without_written(evidence::inboxes(&world).await?, &world, &written);
    let end = evidence::leftovers(&world, &base).await?;
    let verdict = judge(&Evidence {
        chats: &world.chats,
        accepted: &accepted,
        shown: &shown,
        said: &said,
        base: &base,
        end: &end,
        repeated: evidence::repeated(&world).await?,
    });
    let seen = *last_seen.borrow();
    drop(last_seen);
    following.await??;
    let report =
        Report::new(settings, &accepted, &load.asked, damage, seen, &verdict, (&base, &end), begun.elapsed())
            .and(came_in);
    let world = Arc::into_inner(world).context("somebody still holds the world")?;
    world.stop().await?;
    Ok(report)
}

/// Waits until the phones have shown everything and the API says so, or nothing changes any more; what the API
/// says.
async fn quiet(
    world: &World,
    accepted: &[Accepted],
    seen: &mut watch::Receiver<Seen>,
) -> Result<std::collections::HashMap<String, Said>> {
    let of = |one: &Accepted| world.chats[one.chat].recipient;
    let expected = accepted.iter().filter(|one| of(one) != Recipient::Nobody).count();
    until_still(async || {
        let messages = seen.borrow_and_update().messages;
        Ok((messages >= expected, messages))
    })
    .await?;
    until_still(async || {
        let said = evidence::statuses(world).await?;
        let mut verdict = Verdict::default();
        for one in accepted {
            judge::status(&mut verdict, one, &world.chats[one.chat], true, said.get(&one.id));
        }
        Ok((verdict.wrong().is_empty(), said))
    })
    .await
}

/// A line of progress.
#[expect(clippy::print_stderr, reason = "progress for the person who waits")]
fn say(line: &str) {
    eprintln!("{line}");
}
