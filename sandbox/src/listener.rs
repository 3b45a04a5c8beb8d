//! Accepts connections, up to a cap.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::core::Core;

/// Serves connections until the network stops, each in a task of its own. One above the cap is
/// closed at once: it costs nothing and takes nobody's place.
pub(crate) fn serve<F, R>(core: &Arc<Core>, listener: TcpListener, cap: usize, run: F)
where
    F: Fn(TcpStream, SocketAddr) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let core = Arc::clone(core);
    let tasks = core.tasks.clone();
    tasks.spawn(async move {
        let slots = Arc::new(Semaphore::new(cap));
        loop {
            let accepted = tokio::select! {
                () = core.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let (tcp, remote) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: give the others time to finish.
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
                tracing::debug!(%remote, cap, "connection cap reached, refused");
                continue;
            };
            if let Err(error) = tcp.set_nodelay(true) {
                tracing::debug!(%error, "set_nodelay failed");
            }
            let connection = run(tcp, remote);
            core.tasks.spawn(async move {
                connection.await;
                drop(slot);
            });
        }
    });
}
