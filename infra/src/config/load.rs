//! Reading the configuration from its sources.

use std::path::Path;

use figment::{
    Figment,
    providers::{Env, Format, Toml},
};

use super::{Config, ConfigError};

/// Variables that other software uses too, and the fields they set.
const WELL_KNOWN: [(&str, &str); 9] = [
    ("redis_url", "redis.url"),
    ("database_url", "database.url"),
    ("s3_endpoint", "s3.endpoint"),
    ("s3_public_endpoint", "s3.public_endpoint"),
    ("s3_region", "s3.region"),
    ("s3_bucket", "s3.bucket"),
    ("s3_access_key", "s3.access_key"),
    ("s3_secret_key", "s3.secret_key"),
    ("s3_path_style", "s3.path_style"),
];

impl Config {
    /// Loads and checks the configuration. `file` is a TOML file that must exist when it is named;
    /// without it `wagate.toml` in the working directory is read when there is one.
    ///
    /// # Errors
    /// The first field that is wrong, with the remedy beside it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let toml = match file {
            Some(path) => Toml::file_exact(path),
            None => Toml::file("wagate.toml"),
        };
        let well_known = Env::raw().filter_map(|name| {
            WELL_KNOWN.iter().find(|(variable, _)| name == *variable).map(|(_, field)| (*field).into())
        });
        let own = Env::prefixed("WAGATE_").split("__");
        Self::extract(&Figment::new().merge(toml).merge(well_known).merge(own))
    }

    fn extract(sources: &Figment) -> Result<Self, ConfigError> {
        let config: Self = sources.extract().map_err(|error| ConfigError::unreadable(&error))?;
        config.check()?;
        Ok(config)
    }
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "figment's test harness wants figment's error")]
mod tests {
    use std::time::Duration;

    use figment::Jail;

    use super::*;
    use crate::config::Mode;

    // figment's own test harness sets the variables of the process under a lock
    fn with_sources(toml: &str, variables: &[(&str, &str)], check: impl FnOnce(Result<Config, ConfigError>)) {
        Jail::expect_with(|jail| {
            jail.clear_env();
            jail.create_file("wagate.toml", toml)?;
            for (name, value) in variables {
                jail.set_env(name, value);
            }
            check(Config::load(None));
            Ok(())
        });
    }

    #[test]
    fn without_any_source_it_is_the_default() {
        with_sources("", &[], |config| {
            let config = config.unwrap();
            assert_eq!(config.mode, Mode::Development);
            assert_eq!(config.server.public_url(), "http://127.0.0.1:8080");
            assert_eq!(config.redis.shards, 16);
            assert!(config.redis.url.is_none());
        });
    }

    #[test]
    fn later_sources_win() {
        let toml = "[redis]\nprefix = \"file\"\nurl = \"redis://file\"\n[s3]\nbucket = \"file\"\n\
                    [connector]\nlease_ttl = \"1m 30s\"";
        let variables = [
            ("REDIS_URL", "redis://well-known"),
            ("S3_BUCKET", "well-known"),
            ("S3_PATH_STYLE", "false"),
            ("WAGATE_S3__BUCKET", "own"),
            ("WAGATE_DATA_DIR", "/var/lib/wagate"),
        ];
        with_sources(toml, &variables, |config| {
            let config = config.unwrap();
            assert_eq!(config.redis.prefix, "file");
            assert_eq!(config.redis.url.unwrap().expose(), "redis://well-known");
            assert_eq!(config.s3.bucket, "own");
            assert!(!config.s3.path_style);
            assert_eq!(config.data_dir.to_str(), Some("/var/lib/wagate"));
            assert_eq!(config.connector.lease_ttl, Duration::from_secs(90));
        });
    }

    #[test]
    fn a_misspelt_or_mistyped_field_is_named() {
        with_sources("[redis]\nshard = 4", &[], |config| {
            let error = config.unwrap_err();
            assert!(error.to_string().contains("shard"), "{error}");
        });
        with_sources("", &[("WAGATE_REDIS__SHARDS", "many")], |config| {
            let error = config.unwrap_err();
            assert_eq!(error.field, "redis.shards");
        });
        with_sources("", &[("WAGATE_SERVER__LISTEN", "8080")], |config| {
            assert_eq!(config.unwrap_err().field, "server.listen");
        });
    }

    #[test]
    fn a_named_file_must_exist() {
        Jail::expect_with(|_| {
            assert!(Config::load(Some(Path::new("nowhere.toml"))).is_err());
            Ok(())
        });
    }
}
