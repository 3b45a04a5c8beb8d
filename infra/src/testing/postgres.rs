//! A PostgreSQL server that lives as long as a test binary's handle on it.

use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;

/// Names a running server to use instead, as a URL of a database in which others may be made.
const EXTERNAL: &str = "WAGATE_TEST_POSTGRES_URL";

/// Runs a server until our end of its standard input closes, however we end; then removes its files.
const KEEPER: &str = r#""$0" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c max_connections=200 </dev/null >"$1/log" 2>&1 &
read -r line
kill -QUIT $! 2>/dev/null
wait $!
rm -rf "$1/data""#;

/// A PostgreSQL server: a throw-away one on a unix socket, or the one that `WAGATE_TEST_POSTGRES_URL` names.
/// A throw-away server ends when this is dropped, or with the process.
#[derive(Debug)]
pub struct Postgres {
    admin: String,
    server: Option<Server>,
    databases: AtomicU32,
}

#[derive(Debug)]
struct Server {
    keeper: Child,
    dir: TempDir,
}

impl Postgres {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    /// When there is no PostgreSQL to start, or it does not start; the text says why.
    pub async fn start() -> Self {
        if let Ok(admin) = env::var(EXTERNAL) {
            return Self { admin, server: None, databases: AtomicU32::new(0) };
        }
        let bin = binaries();
        let dir = tempfile::Builder::new().prefix("wagate-pg-").tempdir().expect("a temporary directory");
        let account = Account::choose();
        account.give(dir.path());
        let data = dir.path().join("data");
        let made = account
            .run(&bin.join("initdb"))
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--no-sync",
                "--no-instructions",
                "-D",
            ])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        let keeper = account
            .run(Path::new("/bin/sh"))
            .args(["-c", KEEPER])
            .args([&bin.join("postgres"), dir.path()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let admin = url(dir.path(), "postgres");
        let log = dir.path().join("log");
        let postgres = Self { admin, server: Some(Server { keeper, dir }), databases: AtomicU32::new(0) };
        postgres.wait(&log).await;
        postgres
    }

    /// Where a throw-away server keeps its files.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.server.as_ref().map(|server| server.dir.path())
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn database(&self) -> String {
        let n = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("wagate_test_{}_{n}", std::process::id());
        let admin = Database::connect(&self.admin).await.expect("a connection to PostgreSQL");
        let drop = format!("DROP DATABASE IF EXISTS {name}");
        admin.execute_unprepared(&drop).await.expect("an old database dropped");
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        admin.execute_unprepared(&create).await.expect("a new database");
        admin.close().await.expect("a connection closed");
        match self.admin.split_once('?') {
            Some((base, options)) => format!("{}/{name}?{options}", without_name(base)),
            None => format!("{}/{name}", without_name(&self.admin)),
        }
    }

    async fn wait(&self, log: &Path) {
        let started = Instant::now();
        loop {
            match Database::connect(&self.admin).await {
                Ok(connection) => return connection.close().await.expect("a connection closed"),
                Err(error) if started.elapsed() > Duration::from_secs(60) => {
                    panic!(
                        "PostgreSQL does not answer: {error}\n{}",
                        fs::read_to_string(log).unwrap_or_default()
                    )
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // nothing to do about a keeper that cannot be waited for
        let _ = self.keeper.wait();
    }
}

fn url(socket: &Path, database: &str) -> String {
    let socket = socket.to_str().expect("a socket path in UTF-8").replace('/', "%2F");
    format!("postgres://postgres@localhost/{database}?host={socket}")
}

fn without_name(base: &str) -> &str {
    base.rsplit_once('/').map_or(base, |(server, _)| server)
}

/// The newest installed server.
fn binaries() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let bin = entry.path().join("bin");
            let version = entry.file_name().to_str()?.parse().ok()?;
            bin.join("initdb").exists().then_some((version, bin))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, bin)| bin).unwrap_or_else(|| {
        panic!("these tests need PostgreSQL: install it (Debian: postgresql), or name a server in {EXTERNAL}")
    })
}

/// Who runs the server: PostgreSQL refuses to run as root.
enum Account {
    Own,
    Other { user: u32, group: u32 },
}

impl Account {
    fn choose() -> Self {
        let us = fs::metadata("/proc/self").map(|meta| std::os::unix::fs::MetadataExt::uid(&meta));
        if us.is_ok_and(|user| user != 0) {
            return Self::Own;
        }
        let accounts = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
        ["postgres", "nobody"].into_iter().find_map(|name| Self::find(&accounts, name)).unwrap_or_else(|| {
            panic!("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
        })
    }

    fn find(accounts: &str, name: &str) -> Option<Self> {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self::Other { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
    }

    fn give(&self, path: &Path) {
        if let Self::Other { user, group } = self {
            chown(path, Some(*user), Some(*group)).expect("the directory given to the server's account");
        }
    }

    fn run(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env("LC_ALL", "C.UTF-8");
        if let Self::Other { user, group } = self {
            command.gid(*group).uid(*user);
        }
        command
    }
}
