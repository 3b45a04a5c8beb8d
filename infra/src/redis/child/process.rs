//! One run of a redis-server.

use std::{
    collections::VecDeque,
    io,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, ChildStdin, Command},
    time::{Instant, sleep, timeout},
};

use super::{ChildError, Durability, leftover, place::Place};

/// Ends the server when standard input ends, which it does when we do, even by SIGKILL. (What a
/// child can ask of its own parent's death, PR_SET_PDEATHSIG, takes unsafe code and Linux.)
const LAUNCHER: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
( read -r _ <&3; kill -TERM "$server" ) 3<&3 2>/dev/null &
watcher=$!
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"#;
/// Lines of the server's log kept for error texts.
const LAST_WORDS: usize = 5;
const POLL: Duration = Duration::from_millis(5);

/// A running server.
#[derive(Debug)]
pub(super) struct Process {
    launcher: Child,
    // open for as long as the server shall live
    lifeline: Option<ChildStdin>,
    log: Arc<Mutex<VecDeque<String>>>,
}

/// The server program of this machine: Redis or Valkey, version 7 or newer.
pub(super) async fn program() -> Result<&'static str, ChildError> {
    for program in ["redis-server", "valkey-server"] {
        let Ok(output) = Command::new(program).arg("--version").output().await else { continue };
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or_default();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        return match major {
            Some(major) if major >= 7 => Ok(program),
            _ => Err(ChildError::TooOld(version.to_owned())),
        };
    }
    Err(ChildError::NotInstalled)
}

impl Process {
    /// Starts a server.
    pub(super) fn spawn(program: &str, place: &Place, durability: Durability) -> Result<Self, ChildError> {
        let mut launcher = Command::new("sh")
            .args(["-c", LAUNCHER, "sh", program])
            .args(settings(place, durability))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to a whole group; we stop first and the server last
            .process_group(0)
            .spawn()
            .map_err(|source| ChildError::Files { place: "sh".to_owned(), source })?;
        let log = Arc::default();
        if let Some(output) = launcher.stdout.take() {
            tokio::spawn(follow(output, Arc::clone(&log)));
        }
        Ok(Self { lifeline: launcher.stdin.take(), launcher, log })
    }

    /// Waits until it answers.
    pub(super) async fn ready(&mut self, place: &Place, patience: Duration) -> Result<(), ChildError> {
        let end = Instant::now() + patience;
        while !leftover::answers(place.socket()).await {
            if self.launcher.try_wait().is_ok_and(|status| status.is_some()) {
                return Err(ChildError::DidNotStart(self.last_words()));
            }
            if Instant::now() >= end {
                return Err(ChildError::DidNotStart(format!("no answer in {} s", patience.as_secs())));
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Waits for its end and says how it ended.
    pub(super) async fn ended(&mut self) -> String {
        self.launcher.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    /// Asks it to write everything and end, and waits for it.
    pub(super) async fn stop(mut self, patience: Duration) {
        drop(self.lifeline.take());
        if timeout(patience, self.ended()).await.is_err() {
            tracing::error!(last_words = self.last_words(), "redis_child.does_not_end");
        }
    }

    /// The last lines it logged.
    pub(super) fn last_words(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().map(String::as_str).collect::<Vec<_>>().join(" / ")
    }
}

fn settings(place: &Place, durability: Durability) -> Vec<String> {
    let append_only = match durability {
        Durability::Always => "yes",
        #[cfg(feature = "testing")]
        Durability::None => "no",
    };
    let socket = place.socket().to_string_lossy();
    let dir = place.dir().to_string_lossy();
    let pid_file = place.pid_file();
    [
        ("--port", "0"),
        ("--unixsocket", &*socket),
        ("--unixsocketperm", "700"),
        ("--dir", &*dir),
        ("--pidfile", &*pid_file.to_string_lossy()),
        ("--daemonize", "no"),
        ("--logfile", ""),
        ("--save", ""),
        ("--appendonly", append_only),
        ("--appendfsync", "always"),
        // a queue that is full must say so; it must not forget
        ("--maxmemory-policy", "noeviction"),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.to_owned(), value.to_owned()])
    .collect()
}

/// Keeps the last lines of a log and passes all on to ours.
async fn follow(output: impl AsyncRead + Unpin, log: Arc<Mutex<VecDeque<String>>>) -> io::Result<()> {
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        tracing::debug!(target: "redis_server", "{line}");
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == LAST_WORDS {
            log.pop_front();
        }
        log.push_back(line);
    }
    Ok(())
}
