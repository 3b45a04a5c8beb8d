//! What a workspace without a plan of its own may use, and callers without a key.

use serde::Deserialize;
use wagate_domain::{limits::Rate, workspaces::Plan};

use super::ConfigError;

/// Limits; 0 is no limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Requests a second with one key.
    pub key_per_second: u32,
    /// Most of them at once.
    pub key_burst: u32,
    /// Requests a second of a whole workspace.
    pub workspace_per_second: u32,
    /// Most of them at once.
    pub workspace_burst: u32,
    /// Messages a second taken for one session.
    pub session_per_second: u32,
    /// Most of them at once; a larger batch is refused.
    pub session_burst: u32,
    /// Requests a minute without a valid key from one address.
    pub address_per_minute: u32,
    /// Most of them at once.
    pub address_burst: u32,
    /// Messages of a workspace in a day of UTC.
    pub messages_per_day: u64,
    /// Messages of a workspace in a month of UTC.
    pub messages_per_month: u64,
    /// Sessions of a workspace.
    pub sessions: u32,
    /// Members of a workspace.
    pub members: u32,
    /// Most days that a workspace may keep anything.
    pub retention_days: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            key_per_second: 100,
            key_burst: 200,
            workspace_per_second: 500,
            workspace_burst: 1_000,
            session_per_second: 0,
            session_burst: 0,
            address_per_minute: 60,
            address_burst: 60,
            ..Self::none()
        }
    }
}

impl LimitsConfig {
    /// No limit at all.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            key_per_second: 0,
            key_burst: 0,
            workspace_per_second: 0,
            workspace_burst: 0,
            session_per_second: 0,
            session_burst: 0,
            address_per_minute: 0,
            address_burst: 0,
            messages_per_day: 0,
            messages_per_month: 0,
            sessions: 0,
            members: 0,
            retention_days: 0,
        }
    }

    /// The plan of a workspace that has none of its own.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let a_second = |amount, burst| (amount > 0).then_some(Rate::a_second(amount, burst));
        let number = |number: u32| (number > 0).then_some(number);
        let messages = |number: u64| (number > 0).then_some(number);
        Plan {
            sessions: number(self.sessions),
            members: number(self.members),
            messages_per_day: messages(self.messages_per_day),
            messages_per_month: messages(self.messages_per_month),
            requests: a_second(self.workspace_per_second, self.workspace_burst),
            requests_per_key: a_second(self.key_per_second, self.key_burst),
            sends_per_session: a_second(self.session_per_second, self.session_burst),
            retention_days: number(self.retention_days),
        }
    }

    /// What an address may ask without a valid key.
    #[must_use]
    pub fn strangers(&self) -> Option<Rate> {
        let rate = Rate { amount: self.address_per_minute, seconds: 60, burst: self.address_burst };
        (self.address_per_minute > 0).then_some(rate)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let rates = [
            ("limits.key_burst", self.key_per_second, self.key_burst),
            ("limits.workspace_burst", self.workspace_per_second, self.workspace_burst),
            ("limits.session_burst", self.session_per_second, self.session_burst),
            ("limits.address_burst", self.address_per_minute, self.address_burst),
        ];
        for (field, rate, burst) in rates {
            if rate > 0 && burst == 0 {
                return Err(ConfigError::new(field, "lets nothing through", "set at least 1"));
            }
        }
        let wrong = |wrong: wagate_domain::Invalid| {
            ConfigError::new(&format!("limits: {}", wrong.field), wrong.problem, wrong.remedy)
        };
        self.plan().check().map_err(wrong)?;
        self.strangers().map_or(Ok(()), |rate| rate.check("address")).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_limit_and_what_lets_nothing_through_is_refused() {
        let none = LimitsConfig::none();
        assert_eq!((none.plan(), none.strangers(), none.check()), (Plan::default(), None, Ok(())));
        assert_eq!(LimitsConfig::default().plan().requests_per_key, Some(Rate::a_second(100, 200)));
        assert_eq!(LimitsConfig::default().check(), Ok(()));
        for (wrong, field) in [
            (LimitsConfig { session_per_second: 1, ..none.clone() }, "limits.session_burst"),
            (LimitsConfig { address_per_minute: 1, ..none.clone() }, "limits.address_burst"),
            (LimitsConfig { retention_days: 9_999, ..none }, "limits: retention_days"),
        ] {
            assert_eq!(wrong.check().unwrap_err().field, field);
        }
    }
}
