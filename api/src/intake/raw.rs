//! A file as the whole body of a request.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, BodyDataStream};
use futures::{
    StreamExt,
    stream::{self, Fuse},
};
use wagate_domain::ports::ByteStream;

use super::MAX_DRAIN;

/// A body that can be read from two places: by storage, and after that by whoever throws the rest away.
#[derive(Debug, Clone)]
pub(crate) struct RawBody(Arc<Mutex<Fuse<BodyDataStream>>>);

impl RawBody {
    /// The body of a request.
    pub(crate) fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(body.into_data_stream().fuse())))
    }

    /// The bytes that have not been read yet.
    pub(crate) fn stream(&self) -> ByteStream {
        let shared = self.0.clone();
        let chunks = stream::poll_fn(move |context| {
            // nothing but a read happens under the lock, so a poisoned one is as good as any
            shared.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)
        });
        chunks.map(|chunk| chunk.map_err(|error| error.to_string())).boxed()
    }

    /// Reads what is left and drops it, for five seconds at most.
    pub(crate) async fn drain(self) {
        let rest = self.stream().for_each(|_| std::future::ready(()));
        // a caller slower than this loses nothing but a clear answer
        drop(tokio::time::timeout(MAX_DRAIN, rest).await);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[tokio::test]
    async fn what_storage_leaves_is_drained() {
        let chunks = stream::iter(["a", "b", "c"].map(|text| Ok::<_, axum::Error>(Bytes::from(text))));
        let body = RawBody::new(Body::from_stream(chunks));
        let mut taken = body.stream();
        assert_eq!(taken.next().await, Some(Ok(Bytes::from("a"))));
        body.clone().drain().await;
        assert_eq!(body.stream().next().await, None);
    }
}
