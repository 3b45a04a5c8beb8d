//! Where the machines of a running `wagate up` are, for commands that are given beside it.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use wagate_infra::config::{Config, Secret};

/// In the data directory, readable by its owner alone, there while the gateway runs.
const FILE: &str = "running.json";

#[derive(Serialize, Deserialize)]
struct Running {
    redis: Option<String>,
    database: Option<String>,
    s3: Option<String>,
    public_url: Option<String>,
}

/// Notes where everything is.
pub(crate) fn note(config: &Config) -> anyhow::Result<()> {
    let text = |url: &Option<Secret<String>>| url.as_ref().map(|url| url.expose().clone());
    let running = Running {
        redis: text(&config.redis.url),
        database: text(&config.database.url),
        s3: config.s3.endpoint.clone(),
        public_url: config.server.public_url.clone(),
    };
    let path = config.data_dir.join(FILE);
    forget(&config.data_dir);
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(&serde_json::to_vec_pretty(&running)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The note is of no use any more.
pub(crate) fn forget(data: &Path) {
    // one that stays leads to machines that do not answer, which the next command says
    let _ = fs::remove_file(data.join(FILE));
}

/// Fills in what the configuration does not name from the note of a running `wagate up`, if there is one.
pub(crate) fn find(config: &mut Config) -> anyhow::Result<()> {
    let path = config.data_dir.join(FILE);
    let Ok(text) = fs::read(&path) else { return Ok(()) };
    let found: Running =
        serde_json::from_slice(&text).with_context(|| format!("cannot read {}", path.display()))?;
    config.redis.url = config.redis.url.take().or(found.redis.map(Secret::new));
    config.database.url = config.database.url.take().or(found.database.map(Secret::new));
    config.s3.endpoint = config.s3.endpoint.take().or(found.s3);
    config.server.public_url = config.server.public_url.take().or(found.public_url);
    Ok(())
}
