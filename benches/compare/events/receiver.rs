//! Endpoints that take every event at the least cost: no framework, connections stay open, the answer is always 204.

use std::collections::{HashMap, hash_map::Entry};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use wagate_domain::Timestamp;
use wagate_infra::system;

const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
/// How long nothing may come before somebody has got stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// When each event was first taken, by its `webhook-id`, and how many came once more.
#[derive(Debug, Default)]
struct Taken {
    first: HashMap<String, Timestamp>,
    again: usize,
}

/// Endpoints on loopback, a port each.
#[derive(Debug)]
pub(super) struct Receiver {
    taken: Arc<Mutex<Taken>>,
    pub(super) urls: Vec<String>,
    _listening: JoinSet<Result<()>>,
}

impl Receiver {
    /// Listens on so many ports.
    pub(super) async fn start(endpoints: usize) -> Result<Self> {
        let taken = Arc::<Mutex<Taken>>::default();
        let (mut urls, mut listening) = (Vec::with_capacity(endpoints), JoinSet::new());
        for _ in 0..endpoints {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            urls.push(format!("http://{}/events", listener.local_addr()?));
            listening.spawn(listen(listener, Arc::clone(&taken)));
        }
        Ok(Self { taken, urls, _listening: listening })
    }

    fn count(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).first.len()
    }

    /// Waits until so many different events have been taken; says how many came more than once.
    pub(super) async fn takes(&self, events: usize) -> Result<usize> {
        let (mut before, mut news) = (0, Instant::now());
        loop {
            let count = self.count();
            if count >= events {
                return Ok(self.taken.lock().unwrap_or_else(PoisonError::into_inner).again);
            }
            if count > before {
                (before, news) = (count, Instant::now());
            }
            ensure!(news.elapsed() < PATIENCE, "only {count} of {events} events came");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What was taken since the last time: the `webhook-id` and when.
    pub(super) fn drain(&self) -> HashMap<String, Timestamp> {
        std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner)).first
    }
}

async fn listen(listener: TcpListener, taken: Arc<Mutex<Taken>>) -> Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        connections.spawn(serve(stream, Arc::clone(&taken)));
    }
}

async fn serve(mut stream: TcpStream, taken: Arc<Mutex<Taken>>) -> Result<()> {
    let env = system::env();
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        let (id, length) = loop {
            if let Some((id, length)) = head(&buffer)?
                && buffer.len() >= length
            {
                break (id, length);
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        buffer.drain(..length);
        let now = env.now();
        {
            let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
            match taken.first.entry(id) {
                Entry::Occupied(_) => taken.again += 1,
                Entry::Vacant(place) => {
                    place.insert(now);
                }
            }
        }
        stream.write_all(ANSWER).await?;
    }
}

/// `webhook-id` and whole length of a request whose head is there.
fn head(buffer: &[u8]) -> Result<Option<(String, usize)>> {
    let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(buffer.get(..end).unwrap_or_default())?;
    let (mut id, mut length) = (None, None);
    for line in head.split("\r\n").skip(1) {
        let Some((name, value)) = line.split_once(':') else { bail!("a header without a colon") };
        if name.eq_ignore_ascii_case("webhook-id") {
            id = Some(value.trim().to_owned());
        } else if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse::<usize>()?);
        }
    }
    let id = id.context("a request without webhook-id")?;
    Ok(Some((id, end + 4 + length.context("a request without content-length")?)))
}
