//! The past, as the phone tells it after linking: piece by piece into the log, each in bounded batches.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wacore::types::events::{Event as Told, LazyHistorySync};
use wacore_binary::Jid;
use wagate_domain::{
    ContactIds, Env,
    events::{Event, EventData, HistoryProgress},
    ports::Polls,
};
use waproto::whatsapp as wa;
use waproto::whatsapp::message::HistorySyncType as Kind;

use super::{
    append::Appender,
    outbox::{Stale, chain},
};
use crate::{
    convert::{Own, address_of, history, poll_of},
    media::Fetching,
    wa::{Link, News, Piece},
};

/// Entries written at a time.
const BATCH: usize = 200;
/// Conversations unpacked ahead of those that are being written.
const AHEAD: usize = 4;

/// Pieces of history as they come from a device.
pub(super) type HistoryFeed = mpsc::UnboundedReceiver<(News, Piece)>;

/// Stores the past of one session under one epoch.
pub(super) struct HistoryStore {
    pub(super) env: Env,
    pub(super) appender: Appender,
    pub(super) polls: Arc<dyn Polls>,
    /// Fetches the files of the past, behind those that come in.
    pub(super) fetching: Fetching,
}

/// A part of a piece.
enum Part {
    Conversation(Box<wa::Conversation>),
    /// Everything else.
    Rest(Box<wa::HistorySync>),
}

/// What was written of a piece.
#[derive(Default)]
struct Written {
    batch: Vec<Event>,
    messages: u32,
    chats: u32,
    /// The phone has more of a chat.
    more: bool,
}

impl HistoryStore {
    /// Stores what comes until the device is closed or the session is somebody else's. What is not stored then was
    /// not acknowledged, and comes again.
    pub(super) async fn run(self, link: Link, mut feed: HistoryFeed, closed: CancellationToken) {
        let storing = async {
            while let Some((news, piece)) = feed.recv().await {
                let Told::HistorySync(told) = &*news else { continue };
                if self.store(&link, told).await.is_err() {
                    return;
                }
                piece.stored();
            }
        };
        closed.run_until_cancelled(storing).await;
    }

    async fn store(&self, link: &Link, told: &LazyHistorySync) -> Result<(), Stale> {
        let mut parts = unpack(told);
        let mut written = Written::default();
        while let Some(part) = parts.recv().await {
            match part {
                Part::Conversation(conversation) => {
                    self.conversation(link, &conversation, &mut written).await?;
                }
                Part::Rest(rest) => {
                    let names = rest.pushnames.iter().filter_map(history::name);
                    written.batch.extend(names.map(|data| self.event(data)));
                }
            }
        }
        let progress = progress(told, &written);
        metrics::counter!("wagate_history_messages_total").increment(u64::from(progress.messages));
        written.batch.push(self.event(EventData::HistoryProgress(progress)));
        self.write(&mut written).await
    }

    async fn conversation(
        &self,
        link: &Link,
        told: &wa::Conversation,
        written: &mut Written,
    ) -> Result<(), Stale> {
        let Some((chat, contact)) = history::conversation(told) else { return Ok(()) };
        let contact = if contact == ContactIds::default() { contact } else { link.known(contact).await };
        let own = link.own();
        written.chats += 1;
        written.more |= !history::is_complete(told);
        // the newest comes first
        for message in told.messages.iter().rev().filter_map(|message| message.message.as_option()) {
            if let Some(data) = self.message(message, &chat, &own, contact.clone()).await {
                written.batch.push(self.event(data));
                written.messages += 1;
            }
            if written.batch.len() >= BATCH {
                self.write(written).await?;
            }
        }
        Ok(())
    }

    async fn message(
        &self,
        web: &wa::WebMessageInfo,
        chat: &Jid,
        own: &Own,
        contact: ContactIds,
    ) -> Option<EventData> {
        let past = history::past(web, chat, own)?;
        if let Some(poll) = poll_of(&past.message, &past.info)
            && let Some(chat) = address_of(chat)
        {
            let kept = self.polls.keep(self.appender.session, &chat, &past.info.id, &poll).await;
            if let Err(error) = kept {
                // votes in it will be on record without their options
                tracing::warn!(poll = %past.info.id, error = %chain(&error), "a poll of the past was not kept");
            }
        }
        history::entry(&past, self.appender.session, own, contact)
    }

    /// Writes a batch, then fetches its files.
    async fn write(&self, written: &mut Written) -> Result<(), Stale> {
        self.appender.append(&written.batch).await?;
        for event in written.batch.drain(..) {
            if let EventData::MessageReceived { media: Some(media), .. } = event.data {
                self.fetching.begin(*media);
            }
        }
        Ok(())
    }

    fn event(&self, data: EventData) -> Event {
        Event::new(&self.env, self.appender.session, data)
    }
}

/// Unpacks a piece on a thread of its own, a few conversations ahead: unpacked as a whole it may have many megabytes.
fn unpack(told: &LazyHistorySync) -> mpsc::Receiver<Part> {
    let (parts, receiver) = mpsc::channel(AHEAD);
    let (told, failed) = (told.clone(), "a piece of history is damaged; what was read of it is kept");
    tokio::task::spawn_blocking(move || {
        let mut stream = told.stream();
        loop {
            match stream.next_conversation() {
                Ok(Some(conversation)) => {
                    if parts.blocking_send(Part::Conversation(Box::new(conversation))).is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error) => return tracing::warn!(%error, "{failed}"),
            }
        }
        match stream.remainder() {
            // nobody takes it: the device is being closed
            Ok(rest) => drop(parts.blocking_send(Part::Rest(Box::new(rest)))),
            Err(error) => tracing::warn!(%error, "{failed}"),
        }
    });
    receiver
}

fn progress(told: &LazyHistorySync, written: &Written) -> HistoryProgress {
    let percent = told.progress().unwrap_or(0).min(100);
    let is = |kind: Kind| told.sync_type() == kind as i32;
    // the first piece is followed by older ones, unless the chats are whole
    let last = is(Kind::RECENT) || is(Kind::FULL) || (is(Kind::INITIAL_BOOTSTRAP) && !written.more);
    HistoryProgress {
        percent,
        messages: written.messages,
        chats: written.chats,
        done: last && percent == 100,
    }
}
