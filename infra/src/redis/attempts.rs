//! How often something was tried that could be guessed.

use std::{net::IpAddr, time::Duration};

use async_trait::async_trait;
use fred::prelude::{Expiration, KeysInterface, Value};
use sha2::{Digest, Sha256};
use wagate_domain::{
    people::{Effort, EmailAddress, Limit},
    ports::{Attempts, PortResult},
};

use super::{call::port_error, connect::Redis, lanes::millis, reply, scripts};

/// How long tries are counted together.
const KEEP: Duration = Duration::from_hours(24);
/// How long an origin that succeeded is known.
const KNOWN: Duration = Duration::from_hours(30 * 24);
/// Bits of an IPv6 address that name a customer of a network; the rest one of their machines, as they please.
const PREFIX: u32 = 64;

/// [`Attempts`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisAttempts {
    redis: Redis,
}

impl RedisAttempts {
    /// Counts in a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }

    async fn count(&self, keys: Vec<String>, limits: &[Limit]) -> PortResult<Option<Duration>> {
        let mut args = vec![millis(KEEP)];
        for limit in limits {
            args.extend([i64::from(limit.free).into(), millis(limit.first), millis(limit.longest)]);
        }
        let wait = reply::number(&self.redis.run(&scripts::TRY, keys, args).await?)?;
        Ok((wait > 0).then(|| Duration::from_millis(wait)))
    }
}

#[async_trait]
impl Attempts for RedisAttempts {
    async fn begin(
        &self,
        effort: Effort,
        account: &EmailAddress,
        origin: Option<IpAddr>,
    ) -> PortResult<Option<Duration>> {
        let (origin, name) = (place(origin), effort.name());
        let from = self.redis.keys().attempts_from(name, &origin);
        // an origin has no account that could know it: the mark is a key that is never there
        let keys = vec![format!("{from}:known"), from];
        if let Some(wait) = self.count(keys, &[effort.from_origin()]).await? {
            return Ok(Some(wait));
        }
        let on = self.redis.keys().attempts_on(name, &hash(account), &origin);
        let keys = vec![on.known, on.pair, on.account];
        self.count(keys, &[effort.one_on_one(), effort.on_account()]).await
    }

    async fn succeeded(
        &self,
        effort: Effort,
        account: &EmailAddress,
        origin: Option<IpAddr>,
    ) -> PortResult<()> {
        let (origin, name) = (place(origin), effort.name());
        let from = self.redis.keys().attempts_from(name, &origin);
        self.redis.run(&scripts::FORGIVE, vec![from], vec![]).await?;
        let on = self.redis.keys().attempts_on(name, &hash(account), &origin);
        let shared = self.redis.shared();
        shared.del::<Value, _>(vec![on.pair, on.account]).await.map_err(port_error)?;
        let expire = Some(Expiration::PX(KNOWN.as_millis().try_into().unwrap_or(i64::MAX)));
        shared.set::<Value, _, _>(on.known, 1, expire, None, false).await.map_err(port_error)?;
        Ok(())
    }
}

fn hash(account: &EmailAddress) -> String {
    hex::encode(Sha256::digest(account.as_str().as_bytes()))
}

/// What counts as one origin.
fn place(origin: Option<IpAddr>) -> String {
    match origin.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => format!("{:x}", address.to_bits() >> (128 - PREFIX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_one_origin() {
        let at = |text: &str| place(Some(text.parse().unwrap()));
        assert_eq!(at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
    }
}
