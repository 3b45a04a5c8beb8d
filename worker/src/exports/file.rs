//! The file of an export as a stream: pages of the record, written as lines, compressed.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, stream};
use wagate_domain::{
    Timestamp, WorkspaceId,
    exports::{Item, Place, Sources, page},
    ports::ByteStream,
};
use wagate_views::write_export_line;

/// A file that is being written: no more of it is in memory than one page.
struct File {
    sources: Sources,
    workspace: WorkspaceId,
    began: Timestamp,
    next: Option<Place>,
    /// None once it is closed.
    zip: Option<GzEncoder<Vec<u8>>>,
    lines: Arc<AtomicU64>,
}

/// The file of a workspace, and how many lines have been read from it.
pub(super) fn write(
    sources: Sources,
    workspace: WorkspaceId,
    began: Timestamp,
) -> (ByteStream, Arc<AtomicU64>) {
    let lines = Arc::new(AtomicU64::new(0));
    let zip = Some(GzEncoder::new(Vec::new(), Compression::default()));
    let file = File { sources, workspace, began, next: Some(Place::Start), zip, lines: Arc::clone(&lines) };
    let bytes = stream::try_unfold(file, |mut file| async move {
        let part = file.part().await?;
        Ok(part.map(|part| (part, file)))
    });
    (bytes.boxed(), lines)
}

impl File {
    /// What comes next of it; it may be empty, as a little is held back to be compressed together.
    async fn part(&mut self) -> Result<Option<Bytes>, String> {
        let Some(place) = self.next.take() else {
            let Some(zip) = self.zip.take() else { return Ok(None) };
            return zip.finish().map(|rest| Some(rest.into())).map_err(|error| error.to_string());
        };
        let (items, next) =
            page(&self.sources, self.workspace, place, self.began).await.map_err(|error| chain(&error))?;
        self.next = next;
        self.add(items).map(Some).map_err(|error| error.to_string())
    }

    fn add(&mut self, items: Vec<Item>) -> io::Result<Bytes> {
        let Some(zip) = &mut self.zip else { return Ok(Bytes::new()) };
        let (count, mut text) = (items.len() as u64, Vec::new());
        for item in items {
            write_export_line(item, &mut text)?;
        }
        zip.write_all(&text)?;
        self.lines.fetch_add(count, Ordering::Relaxed);
        Ok(std::mem::take(zip.get_mut()).into())
    }
}

/// An error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
