//! Pairs of settings that must not meet.

use std::time::Duration;

use super::{Config, Mode, NetworkConfig, S3Config};

/// A setting that cannot be used, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {field} {problem}; {remedy}")]
pub struct ConfigError {
    /// Path of the field (`redis.shards`).
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to set instead.
    pub remedy: String,
}

impl ConfigError {
    /// A wrong field with the remedy beside it.
    #[must_use]
    pub fn new(field: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { field: field.to_owned(), problem: problem.into(), remedy: remedy.into() }
    }

    pub(super) fn unreadable(error: &figment::Error) -> Self {
        let field = error.path.join(".");
        let source = error.metadata.as_ref().map_or("its source", |metadata| metadata.name.as_ref());
        Self {
            field: if field.is_empty() { "(file)".to_owned() } else { field },
            problem: format!("cannot be read: {}", error.kind),
            remedy: format!("mend it in {source}"),
        }
    }
}

/// Largest number of shards: each costs a stream and a channel.
const MAX_SHARDS: u16 = 1024;
/// Shortest span that leaves room for an answer over a network.
pub(super) const SHORTEST: Duration = Duration::from_secs(1);

impl Config {
    /// Refuses settings that cannot work or are unsafe together.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_redis()?;
        self.check_addresses()?;
        let wrong =
            |wrong: wagate_domain::Invalid| ConfigError::new(&wrong.field, wrong.problem, wrong.remedy);
        self.server.trusted_proxies().map_err(wrong)?;
        self.check_providers()?;
        self.check_roles()?;
        self.network.check()?;
        self.encryption.check()?;
        self.check_webhooks()?;
        self.limits.check()?;
        self.mail.check(self.mode)?;
        if self.media.max_upload_bytes == 0 {
            return Err(ConfigError::new("media.max_upload_bytes", "is 0", "set at least one byte"));
        }
        match self.mode {
            Mode::Development => Ok(()),
            Mode::Production => self.check_production(),
        }
    }

    fn check_webhooks(&self) -> Result<(), ConfigError> {
        let webhooks = &self.webhooks;
        if webhooks.at_once == 0 {
            return Err(ConfigError::new("webhooks.at_once", "is 0", "set at least 1"));
        }
        if webhooks.timeout < SHORTEST {
            return Err(ConfigError::new("webhooks.timeout", "is too short", "set at least 1s"));
        }
        if webhooks.first_retry.is_zero() || webhooks.first_retry > webhooks.longest_retry {
            let remedy = "set it above 0 and at most to webhooks.longest_retry";
            return Err(ConfigError::new("webhooks.first_retry", "is no first pause", remedy));
        }
        Ok(())
    }

    fn check_redis(&self) -> Result<(), ConfigError> {
        if self.redis.shards == 0 || self.redis.shards > MAX_SHARDS {
            let remedy = format!("set 1 to {MAX_SHARDS}");
            return Err(ConfigError::new("redis.shards", format!("is {}", self.redis.shards), remedy));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.redis.prefix.is_empty() || !self.redis.prefix.chars().all(plain) {
            let problem = "must not be empty and holds other characters than letters, digits, - and _";
            return Err(ConfigError::new("redis.prefix", problem, "set a short word such as wagate"));
        }
        Ok(())
    }

    fn check_addresses(&self) -> Result<(), ConfigError> {
        let urls = [
            ("server.public_url", &self.server.public_url),
            ("people.links", &self.people.links),
            ("s3.endpoint", &self.s3.endpoint),
            ("s3.public_endpoint", &self.s3.public_endpoint),
        ];
        for (field, url) in urls {
            if let Some(url) = url
                && !is_http_url(url)
            {
                let remedy = "set an absolute URL such as https://example.com";
                return Err(ConfigError::new(field, format!("is not an http(s) URL: {url}"), remedy));
            }
        }
        Ok(())
    }

    fn check_roles(&self) -> Result<(), ConfigError> {
        let connector = &self.connector;
        for (field, value) in [
            ("server.header_timeout", self.server.header_timeout),
            ("server.body_timeout", self.server.body_timeout),
            ("connector.lease_ttl", connector.lease_ttl),
            ("connector.claim_every", connector.claim_every),
            ("connector.ack_timeout", connector.ack_timeout),
            ("worker.reconcile_every", self.worker.reconcile_every),
            ("worker.retention_every", self.worker.retention_every),
            ("worker.sweep_every", self.worker.sweep_every),
            ("worker.workspaces_every", self.worker.workspaces_every),
            ("worker.audit_kept", self.worker.audit_kept),
            ("workspaces.exports_kept", self.workspaces.exports_kept),
        ] {
            if value < SHORTEST {
                let problem = format!("is shorter than {} s", SHORTEST.as_secs());
                return Err(ConfigError::new(field, problem, "set a longer time, for example 15s"));
            }
        }
        for (field, value) in [
            ("connector.max_sessions", connector.max_sessions),
            ("connector.sends_at_once", connector.sends_at_once),
            ("connector.connects_per_second", connector.connects_per_second),
        ] {
            if value == 0 {
                return Err(ConfigError::new(field, "is 0", "set at least 1"));
            }
        }
        Ok(())
    }

    fn check_production(&self) -> Result<(), ConfigError> {
        self.ring()?;
        let exposed = !self.server.listen.ip().is_loopback();
        let default_secret = self.s3.secret_key.expose() == S3Config::DEFAULT_SECRET;
        if default_secret && (exposed || self.s3.endpoint.is_some()) {
            return Err(ConfigError::new(
                "s3.secret_key",
                "is the default, which everybody knows",
                "set S3_ACCESS_KEY and S3_SECRET_KEY, or listen on a loopback address only",
            ));
        }
        if exposed && self.outbound.allow_private {
            return Err(ConfigError::new(
                "outbound.allow_private",
                "lets callers reach the networks behind this server",
                "set it to false and name the networks you need in outbound.allow",
            ));
        }
        Ok(())
    }
}

impl NetworkConfig {
    fn check(&self) -> Result<(), ConfigError> {
        if let Some(url) = &self.ws_url
            && !(url.starts_with("ws://") || url.starts_with("wss://"))
        {
            let remedy = "set a URL such as ws://127.0.0.1:7000/ws/chat";
            return Err(ConfigError::new("network.ws_url", "is not a ws(s) URL", remedy));
        }
        if self.media_http_addr.is_some() != self.media_https_host.is_some() {
            let remedy = "set network.media_https_host and network.media_http_addr together or not at all";
            return Err(ConfigError::new("network.media_http_addr", "comes in a pair", remedy));
        }
        Ok(())
    }
}

fn is_http_url(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn refused(change: impl FnOnce(&mut Config)) -> Option<String> {
        let mut config = Config::default();
        change(&mut config);
        config.check().err().map(|error| error.field)
    }

    #[test]
    fn what_cannot_work_is_refused() {
        type Change = fn(&mut Config);
        let cases: [(Change, &str); 8] = [
            (|c| c.redis.shards = 0, "redis.shards"),
            (|c| c.redis.prefix = "a:b".to_owned(), "redis.prefix"),
            (|c| c.server.public_url = Some("example.com".to_owned()), "server.public_url"),
            (|c| c.s3.endpoint = Some("s3://bucket".to_owned()), "s3.endpoint"),
            (|c| c.connector.lease_ttl = Duration::from_millis(999), "connector.lease_ttl"),
            (|c| c.connector.sends_at_once = 0, "connector.sends_at_once"),
            (|c| c.network.ws_url = Some("http://x".to_owned()), "network.ws_url"),
            (|c| c.network.media_https_host = Some("x".to_owned()), "network.media_http_addr"),
        ];
        for (change, field) in cases {
            assert_eq!(refused(change).as_deref(), Some(field));
        }
        assert_eq!(refused(|_| {}), None);
    }

    #[test]
    fn production_does_not_start_with_secrets_that_everybody_knows() {
        let exposed = "0.0.0.0:8080".parse().unwrap();
        let production = |c: &mut Config| c.mode = Mode::Production;
        let mailless = |c: &mut Config| {
            production(c);
            c.mail.enabled = false;
        };
        assert_eq!(refused(mailless).as_deref(), Some("encryption.keys"), "not with keys beside the data");
        let production = |c: &mut Config| {
            c.mode = Mode::Production;
            c.mail.enabled = false;
            c.encryption.keys = vec![crate::seal::new_key()];
        };
        assert_eq!(refused(production), None, "loopback with the embedded S3 is safe");
        let field = refused(|c| {
            production(c);
            c.server.listen = exposed;
        });
        assert_eq!(field.as_deref(), Some("s3.secret_key"));
        let field = refused(|c| {
            production(c);
            c.s3.endpoint = Some("https://s3.example.com".to_owned());
        });
        assert_eq!(field.as_deref(), Some("s3.secret_key"));
        let own_secret = |c: &mut Config| {
            production(c);
            c.server.listen = exposed;
            c.s3.secret_key = Secret::from("one's own");
        };
        assert_eq!(refused(own_secret), None);
        let field = refused(|c| {
            own_secret(c);
            c.outbound.allow_private = true;
        });
        assert_eq!(field.as_deref(), Some("outbound.allow_private"));
    }
}
