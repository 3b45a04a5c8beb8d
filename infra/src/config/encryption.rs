//! The keys that what is secret is sealed with.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{Config, ConfigError, Secret};
use crate::seal::{Ring, new_key};

/// The ring's file in the data directory, where `wagate up` without configuration keeps it.
const FILE: &str = "encryption-keys";
/// What to do without a ring.
const REMEDY: &str = "make a key with `wagate admin new-key` and name it in encryption.keys \
                      (WAGATE_ENCRYPTION__KEYS) or in a file at encryption.key_file; all processes need the same keys";

/// Encryption at rest.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncryptionConfig {
    /// Keys as `wagate admin new-key` prints them (`id:base64`). The first seals, all open.
    pub keys: Vec<Secret<String>>,
    /// A file with one such key a line; they follow `keys`. With neither, `wagate up` in development mode keeps such a
    /// file in the data directory.
    pub key_file: Option<PathBuf>,
}

impl EncryptionConfig {
    /// Refuses keys that are none.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.keys.is_empty() { Ok(()) } else { self.ring("").map(drop) }
    }

    const fn is_set(&self) -> bool {
        !self.keys.is_empty() || self.key_file.is_some()
    }

    /// The keys that are written here and then those of a file's text.
    fn ring(&self, file: &str) -> Result<Ring, ConfigError> {
        let here = self.keys.iter().map(|key| key.expose().as_str());
        let there = file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let field = if file.is_empty() { "encryption.keys" } else { "encryption.key_file" };
        let remedy = "write keys as `wagate admin new-key` prints them";
        Ring::read(here.chain(there)).map_err(|error| ConfigError::new(field, error.to_string(), remedy))
    }
}

impl Config {
    /// The ring that the configuration names.
    ///
    /// # Errors
    /// When it names none, or one that cannot be read.
    pub fn ring(&self) -> Result<Ring, ConfigError> {
        match &self.encryption.key_file {
            Some(path) => self.encryption.ring(&read(path)?),
            None if self.encryption.is_set() => self.encryption.ring(""),
            None => Err(ConfigError::new("encryption.keys", "is empty", REMEDY)),
        }
    }

    /// The ring that the configuration names, else the one in the data directory.
    ///
    /// # Errors
    /// When there is neither, or it cannot be read.
    pub fn ring_or_kept(&self) -> Result<Ring, ConfigError> {
        let kept = self.kept();
        if self.encryption.is_set() || !kept.exists() {
            return self.ring();
        }
        self.encryption.ring(&read(&kept)?)
    }

    /// The ring that the configuration names, else the one in the data directory, which is made when it is missing.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn ring_or_new(&self) -> Result<Ring, ConfigError> {
        let kept = self.kept();
        if !self.encryption.is_set() && !kept.exists() {
            let text = format!("{}\n", new_key().expose());
            write_once(&kept, &text).map_err(|error| {
                let problem = format!("is absent and {} cannot be written: {error}", kept.display());
                ConfigError::new("encryption.keys", problem, REMEDY)
            })?;
        }
        self.ring_or_kept()
    }

    fn kept(&self) -> PathBuf {
        self.data_dir.join(FILE)
    }
}

/// Writes a file that only we can read, whole or not at all. One that is there already stays.
fn write_once(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // a link, not a move: of two that start at once the second keeps what the first has made
    let made = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match made {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| {
        let problem = format!("cannot be read: {}: {error}", path.display());
        ConfigError::new("encryption.key_file", problem, "name a file with one key a line")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn in_folder(folder: &Path) -> Config {
        Config { data_dir: folder.to_owned(), ..Config::default() }
    }

    #[test]
    fn a_ring_is_made_once_and_for_us_alone() {
        let folder = tempfile::tempdir().unwrap();
        let config = in_folder(folder.path());
        assert_eq!(config.ring().unwrap_err().field, "encryption.keys");
        assert!(config.ring_or_kept().is_err(), "nobody else makes one");
        let made = format!("{:?}", config.ring_or_new().unwrap());
        assert_eq!(format!("{:?}", config.ring_or_new().unwrap()), made);
        assert_eq!(format!("{:?}", config.ring_or_kept().unwrap()), made);
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        write_once(&folder.path().join(FILE), "other").unwrap();
        assert_eq!(format!("{:?}", config.ring_or_new().unwrap()), made, "what is there stays");
    }

    #[test]
    fn what_cannot_be_used_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ring");
        let mut config = in_folder(folder.path());
        config.encryption.key_file = Some(file.clone());
        assert_eq!(
            config.ring_or_new().unwrap_err().field,
            "encryption.key_file",
            "one that is named is not made"
        );
        let key = new_key();
        std::fs::write(&file, format!("# first\n{}\n\nhunter2\n", key.expose())).unwrap();
        let error = config.ring().unwrap_err().to_string();
        assert!(error.contains("encryption.key_file") && error.contains("key 2"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        std::fs::write(&file, format!("# first\n{}\n", key.expose())).unwrap();
        config.ring().unwrap();

        config.encryption.keys = vec![Secret::from("k:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")];
        assert!(format!("{:?}", config.ring().unwrap()).starts_with(r#"["k", "#), "those of the file follow");
        config.encryption = EncryptionConfig { keys: vec![Secret::from("k:AAAA")], key_file: None };
        assert_eq!(config.encryption.check().unwrap_err().field, "encryption.keys");
    }
}
