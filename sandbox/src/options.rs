//! What whoever runs the network decides about an account, beyond what its user can.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Options of one account; what is absent has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountOptions {
    /// Messages of strangers without a privacy token are refused with code 463.
    pub requires_token: bool,
    /// A/B properties that its clients are served: code and value, such as `10518` and `"1"`.
    pub ab_props: BTreeMap<u32, String>,
    /// Companions are linked only with its passkey.
    pub passkey: bool,
    /// Its clients fetch their queues in batches, after a preview of what waits.
    pub offline_preview: bool,
    /// What a business account shows; `null` for a person.
    #[schema(nullable)]
    pub business: Option<Business>,
}

/// What a business account shows of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Business {
    /// Verified name.
    pub name: String,
    /// What it says of itself.
    pub description: String,
    /// Email address.
    #[schema(nullable)]
    pub email: Option<String>,
    /// Postal address.
    #[schema(nullable)]
    pub address: Option<String>,
    /// Addresses of websites.
    pub websites: Vec<String>,
    /// Line of business.
    pub category: String,
    /// Time zone of the opening hours.
    pub timezone: String,
    /// Opening hours, by day.
    pub hours: Vec<OpeningHours>,
}

/// When a business is open on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// `sun`, `mon`, …
    pub day: String,
    /// `open_24h`, `specific_hours` or `appointment_only`.
    pub mode: String,
    /// Minutes after midnight.
    #[serde(default)]
    #[schema(nullable)]
    pub open: Option<u32>,
    /// Minutes after midnight.
    #[serde(default)]
    #[schema(nullable)]
    pub close: Option<u32>,
}

impl Default for Business {
    fn default() -> Self {
        Self {
            name: "Sandbox Trading".to_owned(),
            description: String::new(),
            email: None,
            address: None,
            websites: Vec::new(),
            category: "Other Business".to_owned(),
            timezone: "Etc/UTC".to_owned(),
            hours: Vec::new(),
        }
    }
}

/// What clients keep a copy of, and may be told to fetch anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stale {
    /// Devices, pictures, privacy, block list of the own account.
    AccountSync,
    /// Groups.
    Groups,
    /// All app-state collections.
    SyncdAppState,
    /// Channels.
    NewsletterMetadata,
}

impl Stale {
    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AccountSync => "account_sync",
            Self::Groups => "groups",
            Self::SyncdAppState => "syncd_app_state",
            Self::NewsletterMetadata => "newsletter_metadata",
        }
    }
}
