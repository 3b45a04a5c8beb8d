//! A write that is not a queue entry: any statements, inside the journal's transaction.

use anyhow::{Context, Result};
use futures::future::BoxFuture;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;

/// Runs after the commit; the flag says whether it succeeded.
pub(super) type AfterCommit = Box<dyn FnOnce(bool) + Send>;

/// Statements with what follows their commit.
pub(super) type Statement =
    Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, (bool, AfterCommit)> + Send>;

/// Wraps statements so that their result reaches the caller once it is on disk.
pub(super) fn answered<T, F>(work: F) -> (Statement, oneshot::Receiver<Result<T>>)
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T>> + Send + 'static,
{
    let (answer, receiver) = oneshot::channel();
    let statement: Statement = Box::new(move |connection| {
        Box::pin(async move {
            let result = work(connection).await;
            let succeeded = result.is_ok();
            let after: AfterCommit = Box::new(move |committed| {
                let result = if committed || !succeeded {
                    result
                } else {
                    result.and_then(|_| Err(anyhow::anyhow!("transaction was not committed")))
                };
                // The caller may have gone; the write stands either way.
                drop(answer.send(result));
            });
            (succeeded, after)
        })
    });
    (statement, receiver)
}

/// Waits for the result of [`answered`].
pub(super) async fn wait<T>(receiver: oneshot::Receiver<Result<T>>) -> Result<T> {
    receiver.await.context("the store is closed")?
}
