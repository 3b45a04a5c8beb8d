//! How often something may be tried that a stranger could be guessing at.

use std::{net::IpAddr, time::Duration};

use super::EmailAddress;
use crate::ports::{Attempts, PortResult};

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effort {
    /// A password.
    Password,
    /// A code of a second factor.
    Code,
    /// Something that sends a mail.
    Mail,
}

/// So many tries are free; after each further one there is a pause, twice as long as the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Tries without a pause.
    pub free: u32,
    /// The first pause.
    pub first: Duration,
    /// The longest one.
    pub longest: Duration,
}

impl Limit {
    const fn new(free: u32, first: u64, longest: u64) -> Self {
        Self { free, first: Duration::from_secs(first), longest: Duration::from_secs(longest) }
    }
}

impl Effort {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Password, Self::Code, Self::Mail];

    /// Its name in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Mail => "mail",
        }
    }

    /// From one network address on one account.
    #[must_use]
    pub const fn one_on_one(self) -> Limit {
        match self {
            Self::Password | Self::Code => Limit::new(5, 1, 15 * 60),
            Self::Mail => Limit::new(3, 30, 60 * 60),
        }
    }

    /// From everywhere together on one account. Never long: it holds up its owner too, when they come from somewhere
    /// they have not been before.
    #[must_use]
    pub const fn on_account(self) -> Limit {
        match self {
            Self::Password | Self::Code => Limit::new(20, 1, 60),
            Self::Mail => Limit::new(10, 30, 60 * 60),
        }
    }

    /// From one network address on all accounts.
    #[must_use]
    pub const fn from_origin(self) -> Limit {
        match self {
            Self::Password | Self::Code => Limit::new(50, 1, 15 * 60),
            Self::Mail => Limit::new(30, 10, 60 * 60),
        }
    }
}

/// Counts a try.
///
/// # Errors
/// How long to wait, when there were too many; as the port reports it otherwise.
pub(super) async fn attempt(
    attempts: &dyn Attempts,
    effort: Effort,
    account: &EmailAddress,
    origin: Option<IpAddr>,
) -> PortResult<Result<(), TooMany>> {
    let wait = attempts.begin(effort, account, origin).await?;
    Ok(wait.map_or(Ok(()), |wait| Err(TooMany(wait))))
}

/// There were too many tries; how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany(pub(super) Duration);
