//! New events as they are told, read once for everybody in this process.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream::BoxStream};
use tokio::sync::broadcast::{self, error::RecvError};
use wagate_domain::ports::{Bell, Fed, PortResult, ToldEvents, ToldFeed};

/// Batches a slow follower may be behind; after that it is told that it missed some.
const BACKLOG: usize = 256;
/// Events read together.
const PAGE: u32 = 256;
/// Wait after the record or the bell was away.
const PAUSE: Duration = Duration::from_secs(1);

/// [`ToldFeed`] over the record. It reads only while somebody follows. Clones share it.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    told: Arc<dyn ToldEvents>,
    bell: Arc<dyn Bell>,
    sender: broadcast::Sender<Fed>,
    running: Mutex<bool>,
    closed: AtomicBool,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("followers", &self.0.sender.receiver_count()).finish_non_exhaustive()
    }
}

impl Feed {
    /// A feed of these events.
    #[must_use]
    pub fn new(told: Arc<dyn ToldEvents>, bell: Arc<dyn Bell>) -> Self {
        let (sender, _) = broadcast::channel(BACKLOG);
        Self(Arc::new(Inner {
            told,
            bell,
            sender,
            running: Mutex::new(false),
            closed: AtomicBool::new(false),
        }))
    }
}

impl ToldFeed for Feed {
    fn follow(&self) -> BoxStream<'static, Fed> {
        let receiver = self.0.sender.subscribe();
        // after the subscription: whoever comes while it closes hears of it in one way or the other
        if self.0.closed.load(Ordering::SeqCst) {
            return futures::stream::iter([Fed::Over]).boxed();
        }
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        if !*running {
            *running = true;
            tokio::spawn(run(Arc::clone(&self.0)));
        }
        drop(running);
        futures::stream::unfold(receiver, |mut receiver| async move {
            match receiver.recv().await {
                Ok(fed) => Some((fed, receiver)),
                Err(RecvError::Lagged(_)) => Some((Fed::Missed, receiver)),
                Err(RecvError::Closed) => None,
            }
        })
        .boxed()
    }

    fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        let _ = self.0.sender.send(Fed::Over);
    }
}

async fn run(feed: Arc<Inner>) {
    loop {
        if let Err(error) = feed_until_nobody_follows(&feed).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "live events wait");
        }
        {
            let mut running = feed.running.lock().unwrap_or_else(PoisonError::into_inner);
            if feed.sender.receiver_count() == 0 {
                *running = false;
                return;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn feed_until_nobody_follows(feed: &Inner) -> PortResult<()> {
    let mut calls = feed.bell.listen().await?;
    let mut last = feed.told.newest().await?;
    // whoever began to follow before this moment looks into the record for what came until now
    let _ = feed.sender.send(Fed::Missed);
    while calls.next().await.is_some() && feed.sender.receiver_count() > 0 {
        loop {
            let entries = feed.told.tail(last, PAGE).await?;
            let Some(end) = entries.last() else { break };
            last = end.seq;
            let full = entries.len() >= PAGE as usize;
            let _ = feed.sender.send(Fed::Told(entries.into()));
            if !full {
                break;
            }
        }
    }
    Ok(())
}
