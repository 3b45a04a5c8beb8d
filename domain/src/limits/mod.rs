//! Limits: how often and how much. What is left is counted for all processes together ([`crate::ports::Limits`]).

mod decision;
mod period;
mod rate;
mod terms;

pub use decision::Decision;
pub use period::{BEGINNINGS, Period};
pub use rate::{HOLD, Rate};
pub use terms::{Refusal, Share, Standing, Stay, Terms};

use std::net::{IpAddr, Ipv6Addr};

use crate::{SessionId, Timestamp, UserId, WorkspaceId, auth::Actor};

/// Who uses things up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payer {
    /// A tenant.
    Workspace(WorkspaceId),
    /// A person who acts in no tenant: on their own account, or running the gateway.
    Person(UserId),
    /// Whoever calls from an address and has not said who it is.
    Address(IpAddr),
}

impl Payer {
    /// The payer behind an address: of IPv6 a whole network of 64 bits, which one customer of a provider has.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        const NETWORK: u128 = !0 << 64;
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & NETWORK).into(),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// What of the payer a limit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Requests of the address.
    Address,
    /// Requests with one key, or of one person.
    Caller(Actor),
    /// Requests of the whole workspace.
    Workspace,
    /// Messages of a session.
    Session(SessionId),
    /// Messages of the whole workspace in a day or month.
    Messages(Period),
}

impl Subject {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Caller(Actor::Key(_)) => "key",
            Self::Caller(Actor::Person(_)) => "person",
            Self::Workspace => "workspace",
            Self::Session(_) => "session",
            Self::Messages(period) => period.name(),
        }
    }
}

/// What a subject may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// So many in so long; refills by itself.
    Rate(Rate),
    /// So many in a period; what is used is used, unless it is given back.
    Quota {
        /// The period.
        period: Period,
        /// How many in it.
        amount: u64,
    },
}

impl Rule {
    /// Most at once.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        match self {
            Self::Rate(rate) => rate.capacity(),
            Self::Quota { amount, .. } => *amount,
        }
    }
}

/// Things to be used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Whose.
    pub subject: Subject,
    /// What it may.
    pub rule: Rule,
    /// How many.
    pub cost: u32,
}

impl Charge {
    /// One request at a rate.
    #[must_use]
    pub const fn request(subject: Subject, rate: Rate) -> Self {
        Self { subject, rule: Rule::Rate(rate), cost: 1 }
    }

    /// Messages of the workspace's share of a period.
    #[must_use]
    pub const fn messages(period: Period, amount: u64, cost: u32) -> Self {
        Self { subject: Subject::Messages(period), rule: Rule::Quota { period, amount }, cost }
    }
}

/// What was used up of a quota, and in which period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Day or month.
    pub period: Period,
    /// When that began.
    pub began: Timestamp,
    /// How many.
    pub count: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_pays_for_its_network() {
        for (address, payer) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(
                Payer::at(address.parse().unwrap()),
                Payer::Address(payer.parse().unwrap()),
                "{address}"
            );
        }
    }
}
