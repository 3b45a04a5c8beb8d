//! The API with 100,000 keys on record, without limits and with every limit on; the requests come with a key of their own
//! for each session.

use std::path::Path;

use anyhow::{Context, Result};
use wagate_benches::gateway::{Gateway, RING_KEY};
use wagate_benches::redis::Redis;
use wagate_benches::say;
use wagate_domain::auth::{ApiKey, NewKey};
use wagate_domain::ports::{ApiKeys, Workspaces};
use wagate_infra::seal::Ring;
use wagate_infra::sql::Database;
use wagate_infra::system;

use super::{Contender, SESSIONS, load};

/// Keys on record.
const KEYS: usize = 100_000;
/// Limits that are counted and never reached.
const LIMITS: [(&str, &str); 8] = [
    ("WAGATE_LIMITS__KEY_PER_SECOND", "100000"),
    ("WAGATE_LIMITS__KEY_BURST", "200000"),
    ("WAGATE_LIMITS__WORKSPACE_PER_SECOND", "500000"),
    ("WAGATE_LIMITS__WORKSPACE_BURST", "1000000"),
    ("WAGATE_LIMITS__SESSION_PER_SECOND", "100000"),
    ("WAGATE_LIMITS__SESSION_BURST", "200000"),
    ("WAGATE_LIMITS__MESSAGES_PER_DAY", "1000000000"),
    ("WAGATE_LIMITS__MESSAGES_PER_MONTH", "10000000000"),
];

/// One that decides nothing and one that decides everything.
pub(super) async fn contenders(program: &Path, redis: &Redis) -> Result<[Contender; 2]> {
    let without = contender("wagate api, 100,000 keys", &[], program, redis).await?;
    let with = contender("wagate api, 100,000 keys, every limit", &LIMITS, program, redis).await?;
    Ok([without, with])
}

/// A gateway of its own on the same Redis.
async fn contender(
    name: &'static str,
    limits: &[(&str, &str)],
    program: &Path,
    redis: &Redis,
) -> Result<Contender> {
    let mut gateway = Gateway::prepare(program, redis, None).await?;
    for (name, value) in limits {
        gateway.set(name, value);
    }
    say(&format!("{KEYS} keys are put on record"));
    let keys = keys(&gateway).await?;
    let program = gateway.serve("api").await?;
    let load = load(&gateway, |n| keys.get(n).cloned().unwrap_or_default()).await?;
    Ok(Contender { name, program, load, rounds: Vec::new(), _gateway: Some(gateway) })
}

/// The headers of one key for each session.
async fn keys(gateway: &Gateway) -> Result<Vec<String>> {
    let (env, database) =
        (system::env(), Database::open(&gateway.database(), &Ring::read([RING_KEY])?).await?);
    let workspaces = Workspaces::list(&database).await?;
    let workspace = workspaces.first().context("no workspace")?.id;
    let mut headers = Vec::with_capacity(SESSIONS);
    for n in 0..KEYS {
        let (key, secret) = ApiKey::generate(&env, workspace, NewKey::mighty("bench"));
        ApiKeys::insert(&database, &key).await?;
        // spread over all that are on record
        if n % (KEYS / SESSIONS) == 0 {
            headers.push(format!("Authorization: Bearer {}\r\n", secret.expose()));
        }
    }
    database.close().await?;
    Ok(headers)
}
