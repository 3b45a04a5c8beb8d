//! A redis-server that lives as long as a test.

use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::{
    config::RedisConfig,
    redis::{Redis, RedisChild},
};

/// A redis-server on a unix socket in a directory of its own. Ends when it is dropped.
#[derive(Debug)]
pub struct RedisServer {
    child: Option<RedisChild>,
    dir: TempDir,
    prefixes: AtomicU32,
}

impl RedisServer {
    /// Starts a server that keeps nothing.
    ///
    /// # Panics
    /// When redis-server cannot be started.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let child = RedisChild::start_volatile(dir.path()).await.expect("redis-server");
        Self { child: Some(child), dir, prefixes: AtomicU32::new(0) }
    }

    /// How to connect, with a prefix of its own at every call.
    ///
    /// # Panics
    /// When the server is stopped.
    #[must_use]
    pub fn config(&self) -> RedisConfig {
        let n = self.prefixes.fetch_add(1, Ordering::Relaxed);
        let url = self.child.as_ref().expect("the server runs").url().clone();
        RedisConfig { url: Some(url), prefix: format!("t{n}"), ..RedisConfig::default() }
    }

    /// A connection under a prefix of its own.
    ///
    /// # Panics
    /// When the server is stopped.
    pub async fn connect(&self) -> Redis {
        Redis::connect(&self.config()).await.expect("a connection")
    }

    /// Stops the server; what it knew is gone.
    pub async fn stop(&mut self) {
        if let Some(child) = self.child.take() {
            child.stop().await;
        }
    }

    /// Starts the server again at the same place.
    ///
    /// # Panics
    /// When redis-server cannot be started.
    pub async fn start_again(&mut self) {
        self.stop().await;
        self.child = Some(RedisChild::start_volatile(self.dir.path()).await.expect("redis-server"));
    }
}
