//! A server that an earlier, killed run left behind on the same files.

use std::{fs, path::Path, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::{Instant, sleep, timeout},
};

use super::{ChildError, place::Place};

const POLL: Duration = Duration::from_millis(10);

/// Stops it and waits until it is gone: two servers on one append-only file would ruin it.
pub(super) async fn stop(place: &Place, patience: Duration) -> Result<(), ChildError> {
    let end = Instant::now() + patience;
    if let Ok(mut server) = UnixStream::connect(place.socket()).await {
        tracing::warn!(socket = %place.socket().display(), "redis_child.leftover");
        // it closes the connection when it has written everything; how it says so does not matter
        let goodbye = async {
            drop(server.write_all(b"SHUTDOWN\r\n").await);
            drop(server.read_to_end(&mut Vec::new()).await);
        };
        drop(timeout(patience, goodbye).await);
    }
    while let Some(process) = alive(place) {
        if Instant::now() >= end {
            return Err(ChildError::Leftover(process));
        }
        sleep(POLL).await;
    }
    Ok(())
}

/// Whether a server answers on the socket, ready to work.
pub(super) async fn answers(socket: &Path) -> bool {
    let ping = async {
        let mut server = UnixStream::connect(socket).await.ok()?;
        server.write_all(b"PING\r\n").await.ok()?;
        let mut answer = [0; 5];
        server.read_exact(&mut answer).await.ok()?;
        (answer == *b"+PONG").then_some(())
    };
    timeout(Duration::from_secs(1), ping).await.is_ok_and(|answer| answer.is_some())
}

/// The process named by the pid file, if it still is a server on our socket. Known from /proc;
/// on systems without it the closed connection has to do.
fn alive(place: &Place) -> Option<u32> {
    let process: u32 = fs::read_to_string(place.pid_file()).ok()?.trim().parse().ok()?;
    let command = fs::read(format!("/proc/{process}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command);
    command.contains(&*place.socket().to_string_lossy()).then_some(process)
}
