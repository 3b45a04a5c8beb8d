//! From WhatsApp's media hosts, decrypted, into S3, in the background.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use tokio::sync::{Semaphore, watch};
use tokio_util::{io::ReaderStream, sync::CancellationToken, task::TaskTracker};
use wagate_domain::{
    Env, MediaId,
    events::{Event, EventData},
    media::{Media, MediaState},
    ports::{EventLog, MediaIndex, Objects, PortError, PutError},
    sessions::SessionKey,
};

use super::spool::nameless;
use crate::{
    convert::Locator,
    wa::{Link, Trouble},
};

/// Pending objects taken up when a session starts; those beyond wait for its next start.
const PAGE: u32 = 1_000;
/// How often WhatsApp's side may fail before an object is given up.
const ATTEMPTS: u32 = 4;
/// Longest pause before something is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Bytes read from a file at a time.
const CHUNK: usize = 64 * 1024;

/// What all downloads of a connector share.
#[derive(Clone)]
pub(crate) struct Downloads {
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) objects: Arc<dyn Objects>,
    pub(crate) index: Arc<dyn MediaIndex>,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) env: Env,
    pub(crate) temp_dir: PathBuf,
}

/// The downloads of one session.
#[derive(Clone)]
pub(crate) struct Fetching {
    downloads: Downloads,
    session: SessionKey,
    epoch: u64,
    link: watch::Receiver<Option<Link>>,
    under_way: Arc<Mutex<HashSet<MediaId>>>,
    tasks: TaskTracker,
    ended: CancellationToken,
}

/// How one attempt went.
enum Attempt {
    Settled(Box<Media>),
    /// Not the object's fault: wait and go on.
    Later,
    /// WhatsApp's side failed.
    Failed(String),
}

/// The object as it stays without a file.
fn ended(media: &Media, state: MediaState) -> Box<Media> {
    Box::new(Media { state, ..media.clone() })
}

impl Fetching {
    /// For a session held under `epoch`; `link` tells the device that is online, if one is.
    pub(crate) fn new(
        downloads: Downloads,
        session: SessionKey,
        epoch: u64,
        link: watch::Receiver<Option<Link>>,
    ) -> Self {
        Self {
            downloads,
            session,
            epoch,
            link,
            under_way: Arc::default(),
            tasks: TaskTracker::new(),
            ended: CancellationToken::new(),
        }
    }

    /// The same, in line for other slots.
    pub(crate) fn behind(&self, slots: Arc<Semaphore>) -> Self {
        let downloads = Downloads { slots, ..self.downloads.clone() };
        Self { downloads, ..self.clone() }
    }

    /// Starts fetching an object, unless that is under way already.
    pub(crate) fn begin(&self, media: Media) {
        let id = media.id;
        if media.state != MediaState::Pending || !self.under_way().insert(id) {
            return;
        }
        let this = self.clone();
        self.tasks.spawn(async move {
            // what is not finished stays pending and is taken up by the next owner
            this.ended.run_until_cancelled(this.fetch(media)).await;
            this.under_way().remove(&id);
        });
    }

    /// Takes up what a former owner left pending.
    pub(crate) fn resume(&self) {
        let this = self.clone();
        self.tasks.spawn(async move {
            let found = this.ended.run_until_cancelled(this.left_behind()).await;
            for media in found.unwrap_or_default() {
                this.begin(media);
            }
        });
    }

    /// Stops all of it.
    pub(crate) async fn end(&self) {
        self.ended.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn left_behind(&self) -> Vec<Media> {
        let index = &self.downloads.index;
        match index.pending(self.session.workspace, self.session.id, PAGE).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(session = %self.session.id, %error, "pending media could not be listed");
                Vec::new()
            }
        }
    }

    async fn fetch(&self, media: Media) {
        let mut failures = 0;
        let mut pauses = 0;
        loop {
            let Some(link) = self.online().await else { return };
            let settled = match self.attempt(&link, &media).await {
                Attempt::Settled(settled) => settled,
                Attempt::Failed(why) if failures + 1 >= ATTEMPTS => {
                    tracing::warn!(media = %media.id, why, "media given up");
                    ended(&media, MediaState::Failed)
                }
                Attempt::Failed(_) => {
                    failures += 1;
                    pause(&mut pauses).await;
                    continue;
                }
                Attempt::Later => {
                    pause(&mut pauses).await;
                    continue;
                }
            };
            return self.tell(settled).await;
        }
    }

    async fn online(&self) -> Option<Link> {
        let mut link = self.link.clone();
        let online = link.wait_for(Option::is_some).await.ok()?;
        online.clone()
    }

    async fn attempt(&self, link: &Link, media: &Media) -> Attempt {
        let Ok(_slot) = self.downloads.slots.acquire().await else {
            return Attempt::Later;
        };
        let locator = media.locator.clone().and_then(|json| serde_json::from_value::<Locator>(json).ok());
        let Some(locator) = locator else {
            return Attempt::Settled(ended(media, MediaState::Failed));
        };
        let limit = locator.kind().max_bytes();
        if media.size > limit {
            return Attempt::Settled(ended(media, MediaState::Failed));
        }
        let file = match nameless(&self.downloads.temp_dir) {
            Ok(file) => file,
            Err(error) => {
                tracing::error!(%error, "no temporary file for media");
                return Attempt::Later;
            }
        };
        let file = match link.download(&locator, file).await {
            Ok(file) => file,
            Err(Trouble::Lost) => return Attempt::Later,
            Err(Trouble::Gone) => {
                return Attempt::Settled(ended(media, MediaState::Expired));
            }
            Err(Trouble::Temporary(why) | Trouble::Refused { message: why, .. }) => {
                return Attempt::Failed(why);
            }
        };
        self.keep(media, file, limit).await
    }

    async fn keep(&self, media: &Media, file: std::fs::File, limit: u64) -> Attempt {
        let bytes = ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK)
            .map(|chunk| chunk.map_err(|error| error.to_string()))
            .boxed();
        match self.downloads.objects.put(&media.object_key(), &media.mime, bytes, limit).await {
            Ok(stored) => {
                metrics::counter!("wagate_media_bytes_total", "direction" => "in").increment(stored.size);
                Attempt::Settled(Box::new(Media {
                    state: MediaState::Ready,
                    size: stored.size,
                    sha256: stored.sha256,
                    ..media.clone()
                }))
            }
            Err(PutError::TooLarge) => Attempt::Settled(ended(media, MediaState::Failed)),
            Err(PutError::Source(why)) => Attempt::Failed(why),
            Err(PutError::Port(error)) => {
                tracing::warn!(media = %media.id, %error, "media could not be kept");
                Attempt::Later
            }
        }
    }

    async fn tell(&self, media: Box<Media>) {
        let event = Event::new(&self.downloads.env, self.session, EventData::MediaSettled { media });
        let mut pauses = 0;
        loop {
            let told =
                self.downloads.log.append(self.session, Some(self.epoch), std::slice::from_ref(&event)).await;
            match told {
                Ok(()) | Err(PortError::Stale) => return,
                Err(error) => {
                    tracing::warn!(session = %self.session.id, %error, "event log away, media waits");
                    pause(&mut pauses).await;
                }
            }
        }
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, HashSet<MediaId>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits longer each time.
async fn pause(pauses: &mut u32) {
    let wait = Duration::from_secs(1 << (*pauses).min(6)).min(LONGEST_PAUSE);
    *pauses += 1;
    tokio::time::sleep(wait).await;
}
