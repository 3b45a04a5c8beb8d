//! The trace as a file: one JSON object per line, written behind the network's back.

use std::path::Path;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::event::Event;

/// Events that may wait for the disk before some are left out.
const BACKLOG: usize = 20_000;
/// Lines written together at most.
const BATCH: usize = 512;

pub(super) type Line = Arc<Event>;

/// Opens the file for appending; the future writes until `stop`, and then what still waits.
pub(super) fn open(
    path: &Path,
    stop: CancellationToken,
) -> std::io::Result<(mpsc::Sender<Line>, impl Future<Output = ()> + use<>)> {
    let file = std::fs::File::options().create(true).append(true).open(path)?;
    let (sender, mut lines) = mpsc::channel::<Line>(BACKLOG);
    let mut file = tokio::fs::File::from_std(file);
    let writing = async move {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let count = tokio::select! {
                count = lines.recv_many(&mut batch, BATCH) => count,
                () = stop.cancelled(), if !lines.is_closed() => {
                    lines.close();
                    continue;
                }
            };
            if count == 0 {
                return;
            }
            let mut text = Vec::new();
            for event in batch.drain(..) {
                // Cannot fail: an event has no map with odd keys, and a Vec takes all.
                drop(serde_json::to_writer(&mut text, &*event));
                text.push(b'\n');
            }
            let written = async {
                file.write_all(&text).await?;
                file.flush().await
            };
            if let Err(error) = written.await {
                tracing::error!(%error, "the trace's file cannot be written");
                return;
            }
        }
    };
    Ok((sender, writing))
}
