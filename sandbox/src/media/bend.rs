//! Files that are refused, slow, cut short or wrong.

use std::io::{Error, ErrorKind};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};

use crate::clock::Clock;
use crate::faults::Effect;

type Chunk = Result<Bytes, Error>;

/// A body as a fault bends it on its way.
pub(super) fn bend(body: Body, effect: &Effect, clock: &Clock) -> Body {
    let chunks = body.into_data_stream().map_err(Error::other);
    match effect {
        Effect::MediaSlow { bytes_per_second } => {
            Body::from_stream(slow(chunks, *bytes_per_second, clock.clone()))
        }
        Effect::MediaCut { after_bytes } => Body::from_stream(cut(chunks, *after_bytes)),
        Effect::MediaGarble => Body::from_stream(garble(chunks)),
        _ => Body::from_stream(chunks),
    }
}

/// Ten pieces a second, of so many bytes in all.
fn slow(chunks: impl Stream<Item = Chunk>, per_second: u64, clock: Clock) -> impl Stream<Item = Chunk> {
    let piece = usize::try_from(per_second / 10).unwrap_or(usize::MAX).max(1);
    let pieces = chunks.flat_map(move |chunk| {
        let pieces: Vec<Chunk> = match chunk {
            Err(error) => vec![Err(error)],
            Ok(chunk) => (0..chunk.len())
                .step_by(piece)
                .map(|from| Ok(chunk.slice(from..chunk.len().min(from.saturating_add(piece)))))
                .collect(),
        };
        stream::iter(pieces)
    });
    pieces.then(move |piece| {
        let clock = clock.clone();
        async move {
            let length = piece.as_ref().map_or(0, Bytes::len) as u64;
            clock.sleep(Duration::from_millis(length.saturating_mul(1000) / per_second.max(1))).await;
            piece
        }
    })
}

/// So many bytes, then an error.
fn cut(chunks: impl Stream<Item = Chunk>, after: u64) -> impl Stream<Item = Chunk> {
    let mut left = Some(after);
    chunks.flat_map(move |chunk| {
        let items = match (left, chunk) {
            (None, _) => Vec::new(),
            (Some(open), Ok(chunk)) if chunk.len() as u64 <= open => {
                left = Some(open - chunk.len() as u64);
                vec![Ok(chunk)]
            }
            (Some(open), Ok(mut chunk)) => {
                left = None;
                chunk.truncate(usize::try_from(open).unwrap_or(usize::MAX));
                vec![Ok(chunk), Err(Error::new(ErrorKind::ConnectionReset, "cut short"))]
            }
            (Some(_), Err(error)) => {
                left = None;
                vec![Err(error)]
            }
        };
        stream::iter(items)
    })
}

/// A wrong first byte.
fn garble(chunks: impl Stream<Item = Chunk>) -> impl Stream<Item = Chunk> {
    let mut first = true;
    chunks.map_ok(move |chunk| {
        if !std::mem::take(&mut first) || chunk.is_empty() {
            return chunk;
        }
        let mut wrong = Vec::from(chunk);
        if let Some(byte) = wrong.first_mut() {
            *byte ^= 1;
        }
        wrong.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks() -> impl Stream<Item = Chunk> {
        stream::iter([Ok(Bytes::from_static(b"hello ")), Ok(Bytes::from_static(b"world"))])
    }

    async fn all(chunks: impl Stream<Item = Chunk>) -> (String, bool) {
        let mut text = String::new();
        let mut chunks = std::pin::pin!(chunks);
        while let Some(chunk) = chunks.next().await {
            let Ok(chunk) = chunk else { return (text, false) };
            text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
        (text, true)
    }

    #[tokio::test]
    async fn bodies_are_cut_where_they_shall_be() {
        for (after, expected, whole) in
            [(0, "", false), (3, "hel", false), (6, "hello ", false), (8, "hello wo", false)]
        {
            assert_eq!(all(cut(chunks(), after)).await, (expected.to_owned(), whole), "{after}");
        }
        assert_eq!(all(cut(chunks(), 11)).await, ("hello world".to_owned(), true));
    }

    #[tokio::test]
    async fn slow_bodies_are_whole_and_take_their_time() {
        let clock = Clock::default();
        let begun = clock.moment();
        let passing = tokio::spawn({
            let clock = clock.clone();
            async move {
                loop {
                    clock.advance(Duration::from_secs(1));
                    tokio::task::yield_now().await;
                }
            }
        });
        assert_eq!(all(slow(chunks(), 10, clock.clone())).await, ("hello world".to_owned(), true));
        passing.abort();
        assert!(clock.since(begun) >= Duration::from_millis(1100));
    }

    #[tokio::test]
    async fn one_byte_is_wrong() {
        assert_eq!(all(garble(chunks())).await, ("iello world".to_owned(), true));
    }
}
