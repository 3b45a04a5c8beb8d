//! A small HTTP load: so many keep-alive connections, each with one request under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Requests to one server.
#[derive(Debug, Clone)]
pub struct Load {
    /// Its port on loopback.
    pub port: u16,
    /// Requests as they go over the wire, taken in turn.
    pub requests: Vec<Vec<u8>>,
    /// The status of a good answer.
    pub status: u16,
}

/// What a load has seen.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Answers.
    pub answers: usize,
    /// From the first request to the last answer.
    pub took: Duration,
    /// Half of the answers were faster.
    pub p50: Duration,
    /// 99 of 100 answers were faster.
    pub p99: Duration,
}

/// A request with a JSON body, as it goes over the wire.
#[must_use]
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl Load {
    /// Sends so many requests over so many connections.
    ///
    /// # Errors
    /// At the first answer that is not as it should be.
    pub async fn run(&self, connections: usize, count: usize) -> Result<Seen> {
        let next = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let mut tasks = Vec::with_capacity(connections);
        for _ in 0..connections {
            let (load, next) = (self.clone(), Arc::clone(&next));
            tasks.push(tokio::spawn(async move { load.one(&next, count).await }));
        }
        let mut times = Vec::with_capacity(count);
        for task in tasks {
            times.extend(task.await??);
        }
        let took = begun.elapsed();
        times.sort_unstable();
        let at = |share: f64| times.get((count as f64 * share) as usize).copied().context("no answers");
        Ok(Seen { answers: times.len(), took, p50: at(0.5)?, p99: at(0.99)? })
    }

    async fn one(&self, next: &AtomicUsize, count: usize) -> Result<Vec<Duration>> {
        let mut connection = Connection::open(self.port).await?;
        let mut times = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return Ok(times);
            }
            let request = self.requests.get(n % self.requests.len()).context("no requests")?;
            let begun = Instant::now();
            connection.ask(request, self.status).await?;
            times.push(begun.elapsed());
        }
    }
}

/// A keep-alive connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects to a port of loopback.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When its status is another one.
    pub async fn ask(&mut self, request: &[u8], status: u16) -> Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the server hung up");
            if let Some((said, length)) = whole(&self.answer)?
                && self.answer.len() >= length
            {
                ensure!(said == status, "{said}: {}", String::from_utf8_lossy(&self.answer));
                return Ok(());
            }
        }
    }
}

/// Status and length of an answer whose head is there.
fn whole(answer: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(answer.get(..end).unwrap_or_default())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?.parse()?;
    let is_length =
        |line: &&str| line.get(..15).is_some_and(|name| name.eq_ignore_ascii_case("content-length:"));
    let length = lines.find(is_length).and_then(|line| line.get(15..)).context("no length")?;
    let length: usize = length.trim().parse()?;
    Ok(Some((status, end + 4 + length)))
}
