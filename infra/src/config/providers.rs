//! The section on providers (OpenID Connect) that people may come in by.

use serde::Deserialize;

use super::{Config, ConfigError, Secret};
use crate::http::is_secure;

/// A provider (OpenID Connect) that people may come in by.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderConfig {
    /// Its name in paths: small letters, digits and `-`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its issuer, as it writes it itself; `<issuer>/.well-known/openid-configuration` says the rest.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our password there.
    pub client_secret: Secret<String>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Lets people into the account of an address that the provider has verified, without a proof of the account's own.
    pub trusts_addresses: bool,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: Secret::from(""),
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            trusts_addresses: false,
        }
    }
}

impl ProviderConfig {
    fn asks_for(&self, scope: &str) -> bool {
        self.scopes.iter().any(|one| one == scope)
    }

    /// What is wrong with it by itself: field, problem, remedy.
    fn wrong(&self) -> Option<(&'static str, &'static str, &'static str)> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || !self.id.chars().all(plain) {
            return Some(("id", "is no name for paths", "set small letters, digits and -, such as google"));
        }
        if self.name.trim().is_empty() {
            return Some(("name", "is not set", "set what people call the provider"));
        }
        if !is_secure(&self.issuer) || self.issuer.contains(['?', '#']) {
            let remedy =
                "set the provider's issuer: an https URL without query (plain http on this machine only)";
            return Some(("issuer", "is no issuer", remedy));
        }
        if self.client_id.is_empty() {
            return Some((
                "client_id",
                "is not set",
                "register wagate with the provider and set what it gives",
            ));
        }
        if self.client_secret.expose().is_empty() {
            return Some(("client_secret", "is not set", "set the secret that belongs to the client_id"));
        }
        if !self.asks_for("openid") {
            return Some(("scopes", "do not include openid", "add it: without it there is no ID token"));
        }
        if self.trusts_addresses && !self.asks_for("email") {
            let remedy = "add email to scopes, or set trusts_addresses = false";
            return Some(("trusts_addresses", "is set although no address is asked for", remedy));
        }
        None
    }
}

impl Config {
    pub(super) fn check_providers(&self) -> Result<(), ConfigError> {
        let providers = &self.people.providers;
        for (at, provider) in providers.iter().enumerate() {
            let refuse = |(field, problem, remedy): (&str, &str, &str)| {
                Err(ConfigError::new(&format!("people.providers[{at}].{field}"), problem, remedy))
            };
            if let Some(wrong) = provider.wrong() {
                return refuse(wrong);
            }
            let before = &providers[..at];
            if before.iter().any(|other| other.id == provider.id) {
                return refuse(("id", "stands twice", "give each provider an id of its own"));
            }
            if before.iter().any(|other| other.issuer == provider.issuer) {
                return refuse(("issuer", "stands twice", "name each issuer once"));
            }
        }
        let links = self.people.rules(&self.server.public_url()).links;
        if !providers.is_empty() && !is_secure(&links) {
            return Err(ConfigError::new(
                "people.providers",
                format!("would send people back to {links}, in the clear"),
                "set people.links or server.public_url to an https URL",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn google() -> ProviderConfig {
        ProviderConfig {
            id: "google".to_owned(),
            name: "Google".to_owned(),
            issuer: "https://accounts.google.com".to_owned(),
            client_id: "client".to_owned(),
            client_secret: Secret::from("hunter2"),
            ..ProviderConfig::default()
        }
    }

    fn refused(change: impl FnOnce(&mut Config)) -> Option<String> {
        let mut config = Config::default();
        config.people.providers = vec![google()];
        change(&mut config);
        config.check_providers().err().map(|error| error.field)
    }

    #[test]
    fn what_cannot_work_or_is_not_safe_is_refused() {
        type Change = fn(&mut ProviderConfig);
        let cases: [(Change, &str); 11] = [
            (|p| p.id = String::new(), "id"),
            (|p| p.id = "Google".to_owned(), "id"),
            (|p| p.id = "a/b".to_owned(), "id"),
            (|p| p.name = " ".to_owned(), "name"),
            (|p| p.issuer = "accounts.google.com".to_owned(), "issuer"),
            (|p| p.issuer = "http://accounts.google.com".to_owned(), "issuer"),
            (|p| p.issuer = "https://accounts.google.com?a=b".to_owned(), "issuer"),
            (|p| p.client_id = String::new(), "client_id"),
            (|p| p.client_secret = Secret::from(""), "client_secret"),
            (|p| p.scopes = vec!["email".to_owned()], "scopes"),
            (
                |p| {
                    p.scopes = vec!["openid".to_owned()];
                    p.trusts_addresses = true;
                },
                "trusts_addresses",
            ),
        ];
        for (change, field) in cases {
            let refused = refused(|config| change(&mut config.people.providers[0]));
            assert_eq!(refused, Some(format!("people.providers[0].{field}")));
        }
        assert_eq!(refused(|_| {}), None);
        let loopback = |c: &mut Config| c.people.providers[0].issuer = "http://127.0.0.1:3000".to_owned();
        assert_eq!(refused(loopback), None, "on this machine plain HTTP is safe");
    }

    #[test]
    fn settings_that_must_not_meet_are_refused() {
        let second = |field: &str| Some(format!("people.providers[1].{field}"));
        let twice = |c: &mut Config| c.people.providers.push(google());
        assert_eq!(refused(twice), second("id"));
        let same_issuer = |c: &mut Config| {
            c.people.providers.push(ProviderConfig { id: "other".to_owned(), ..google() });
        };
        assert_eq!(refused(same_issuer), second("issuer"));
        let clear = |c: &mut Config| c.server.public_url = Some("http://wa.example.com".to_owned());
        assert_eq!(refused(clear), Some("people.providers".to_owned()));
        let links = |c: &mut Config| {
            clear(c);
            c.people.links = Some("https://app.example.com".to_owned());
        };
        assert_eq!(refused(links), None);
    }

    #[test]
    fn the_secret_does_not_show_itself() {
        assert!(!format!("{:?}", google()).contains("hunter2"));
    }
}
