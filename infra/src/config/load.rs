//! Reading the configuration from its sources.

use std::path::Path;

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Env, Format, Serialized, Toml},
    value::{Dict, Map, Value},
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
/// What our own variables start with: `WAGATE_<SECTION>__<FIELD>`.
const OWN: &str = "wagate_";
/// Fields whose variables are text whatever they look like: a key of digits is not a number.
const TEXTS: [&str; 19] = [
    "data_dir",
    "server.public_url",
    "redis.url",
    "redis.prefix",
    "database.url",
    "s3.endpoint",
    "s3.public_endpoint",
    "s3.region",
    "s3.bucket",
    "s3.access_key",
    "s3.secret_key",
    "people.links",
    "mail.smtp_url",
    "mail.from",
    "mail.ca_file",
    "network.ws_url",
    "network.media_https_host",
    "log.filter",
    "encryption.key_file",
];

impl Config {
    /// Loads and checks the configuration. `file` is a TOML file that must exist when it is named;
    /// without it `wagate.toml` in the working directory is read when there is one. Empty variables
    /// count as absent.
    ///
    /// # Errors
    /// The first field that is wrong, with the remedy beside it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let toml = match file {
            Some(path) => Toml::file_exact(path),
            None => Toml::file("wagate.toml"),
        };
        let known = |name: &str| {
            WELL_KNOWN.iter().find(|(variable, _)| *variable == name).map(|(_, field)| (*field).to_owned())
        };
        let own = |name: &str| name.strip_prefix(OWN).map(|field| field.replace("__", "."));
        let sources = Figment::new().merge(toml);
        let sources = variables(known).into_iter().fold(sources, Figment::merge);
        let sources = variables(own).into_iter().fold(sources, Figment::merge);
        let config: Self = sources.extract().map_err(|error| ConfigError::unreadable(&error))?;
        config.check()?;
        Ok(config)
    }
}

/// One environment variable and the field it sets.
struct Variable {
    name: String,
    field: String,
    value: Value,
}

fn variables(field_of: impl Fn(&str) -> Option<String>) -> Vec<Variable> {
    let variable = |(name, text): (String, String)| {
        let field = field_of(&name.to_ascii_lowercase())?;
        let is_text = TEXTS.contains(&field.as_str());
        let value =
            if is_text { Value::from(text) } else { text.parse().unwrap_or_else(|never| match never {}) };
        Some(Variable { name: name.to_ascii_uppercase(), field, value })
    };
    let environment = Env::raw();
    let set = environment.iter().filter(|(_, text)| !text.trim().is_empty());
    set.map(|(name, text)| (name.into_string(), text)).filter_map(variable).collect()
}

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("the environment variable {}", self.name))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Serialized::default(&self.field, &self.value).data()
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
    fn a_key_of_digits_stays_text_and_an_empty_variable_counts_for_nothing() {
        let variables = [
            ("S3_ACCESS_KEY", "007"),
            ("WAGATE_S3__SECRET_KEY", "1234567890"),
            ("REDIS_URL", ""),
            ("WAGATE_OUTBOUND__ALLOW", "[10.0.0.0/8, ::1]"),
            (
                "WAGATE_ENCRYPTION__KEYS",
                "[a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, \"b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"]",
            ),
        ];
        with_sources("", &variables, |config| {
            let config = config.unwrap();
            assert_eq!(config.s3.access_key, "007");
            assert_eq!(config.s3.secret_key.expose(), "1234567890");
            assert!(config.redis.url.is_none());
            assert_eq!(config.outbound.allow.len(), 2);
            assert_eq!(format!("{:?}", config.ring().unwrap()), r#"["a", "b"]"#);
        });
    }

    #[test]
    fn a_list_of_tables_fits_into_a_variable() {
        let providers = r#"[{id="work", name="Work", issuer="https://login.example.com/realms/a,b", client_id="12",
            client_secret="34", scopes=["openid"]}]"#;
        with_sources("", &[("WAGATE_PEOPLE__PROVIDERS", providers)], |config| {
            let config = config.unwrap();
            let [provider] = config.people.providers.as_slice() else {
                panic!("{:?}", config.people.providers)
            };
            assert_eq!(provider.issuer, "https://login.example.com/realms/a,b");
            assert_eq!((provider.client_id.as_str(), provider.client_secret.expose().as_str()), ("12", "34"));
        });
        let wrong = providers.replace("https", "http");
        with_sources("", &[("WAGATE_PEOPLE__PROVIDERS", &wrong)], |config| {
            assert_eq!(config.unwrap_err().field, "people.providers[0].issuer");
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
            assert!(error.to_string().contains("WAGATE_REDIS__SHARDS"), "{error}");
        });
        with_sources("", &[("WAGATE_SERVER__LISTEN", "8080")], |config| {
            assert_eq!(config.unwrap_err().field, "server.listen");
        });
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let page = include_str!("../../../docs/configuration.md");
        let (_, rest) = page.split_once("```toml\n").unwrap();
        let (toml, _) = rest.split_once("```").unwrap();
        with_sources(toml, &[], |config| {
            assert_eq!(format!("{:?}", config.unwrap()), format!("{:?}", Config::default()));
        });
        // what stands behind a # can be set, too
        let set =
            toml.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
        with_sources(&set, &[], |config| {
            let config = config.unwrap();
            assert!(config.operations.listen.is_some() && config.network.ws_url.is_some());
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
