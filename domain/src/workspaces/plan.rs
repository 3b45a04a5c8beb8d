//! What a workspace may use.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, SessionId,
    auth::Actor,
    limits::{Charge, Period, Rate, Rule, Subject},
    retention::MAX_DAYS,
};

/// What a workspace may use; what is absent has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Most sessions.
    pub sessions: Option<u32>,
    /// Most members.
    pub members: Option<u32>,
    /// Messages taken in a day of UTC.
    pub messages_per_day: Option<u64>,
    /// Messages taken in a month of UTC.
    pub messages_per_month: Option<u64>,
    /// Requests of the whole workspace.
    pub requests: Option<Rate>,
    /// Requests with one key, or of one person.
    pub requests_per_key: Option<Rate>,
    /// Messages taken for one session.
    pub sends_per_session: Option<Rate>,
    /// Most days that anything is kept.
    pub retention_days: Option<u32>,
}

impl Plan {
    /// Whether every limit can be meant.
    ///
    /// # Errors
    /// Names the first that cannot.
    pub fn check(&self) -> Result<(), Invalid> {
        for (name, rate) in [
            ("requests", self.requests),
            ("requests_per_key", self.requests_per_key),
            ("sends_per_session", self.sends_per_session),
        ] {
            if let Some(rate) = rate {
                rate.check(name)?;
            }
        }
        if self.retention_days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
            let remedy = format!("use 1 to {MAX_DAYS}, or leave it out for no limit");
            return Err(Invalid::new("retention_days", "is out of range", remedy));
        }
        Ok(())
    }

    /// What one request of a caller is charged for.
    #[must_use]
    pub fn for_request(&self, caller: Actor) -> Vec<Charge> {
        let caller = self.requests_per_key.map(|rate| Charge::request(Subject::Caller(caller), rate));
        let workspace = self.requests.map(|rate| Charge::request(Subject::Workspace, rate));
        caller.into_iter().chain(workspace).collect()
    }

    /// What messages of a session are charged for.
    #[must_use]
    pub fn for_messages(&self, session: SessionId, cost: u32) -> Vec<Charge> {
        let subject = Subject::Session(session);
        let rate = self.sends_per_session.map(|rate| Charge { subject, rule: Rule::Rate(rate), cost });
        let quota = |period, amount: Option<u64>| amount.map(|amount| Charge::messages(period, amount, cost));
        let day = quota(Period::Day, self.messages_per_day);
        let month = quota(Period::Month, self.messages_per_month);
        rate.into_iter().chain(day).chain(month).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_checked() {
        let rate = Some(Rate { amount: 0, seconds: 1, burst: 1 });
        for (plan, field) in [
            (Plan::default(), None),
            (Plan { messages_per_day: Some(0), ..Plan::default() }, None),
            (Plan { requests: rate, ..Plan::default() }, Some("requests.amount")),
            (Plan { sends_per_session: rate, ..Plan::default() }, Some("sends_per_session.amount")),
            (Plan { retention_days: Some(0), ..Plan::default() }, Some("retention_days")),
        ] {
            assert_eq!(plan.check().err().map(|wrong| wrong.field), field.map(str::to_owned));
        }
    }
}
