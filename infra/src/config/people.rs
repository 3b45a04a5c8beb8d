//! The section on people.

use serde::Deserialize;
use wagate_domain::people::{Admission, PeopleRules};

use super::ProviderConfig;

/// People and their accounts.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeopleConfig {
    /// Who may make an account for themselves.
    pub registration: Registration,
    /// Gives those who register a workspace of their own.
    pub own_workspace: bool,
    /// What links in mails begin with; the public URL when absent.
    pub links: Option<String>,
    /// Providers that people may come in by.
    pub providers: Vec<ProviderConfig>,
}

/// Who may make an account for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Nobody: an operator makes accounts (`wagate admin`).
    Closed,
    /// Those who were invited.
    #[default]
    Invited,
    /// Everybody.
    Open,
}

impl Default for PeopleConfig {
    fn default() -> Self {
        Self {
            registration: Registration::default(),
            own_workspace: true,
            links: None,
            providers: Vec::new(),
        }
    }
}

impl PeopleConfig {
    /// The rules that follow for an installation at this URL.
    #[must_use]
    pub fn rules(&self, public_url: &str) -> PeopleRules {
        PeopleRules {
            admission: match self.registration {
                Registration::Closed => Admission::Closed,
                Registration::Invited => Admission::Invited,
                Registration::Open => Admission::Open,
            },
            own_workspace: self.own_workspace,
            links: self.links.as_deref().unwrap_or(public_url).trim_end_matches('/').to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_us_unless_they_are_to_lead_elsewhere() {
        let config = PeopleConfig::default();
        assert_eq!(config.rules("https://wa.example.com").links, "https://wa.example.com");
        let config = PeopleConfig { links: Some("https://app.example.com/".to_owned()), ..config };
        assert_eq!(config.rules("https://wa.example.com").links, "https://app.example.com");
    }
}
