//! What use-cases need of the outside. Adapters live in the infra crate.
//!
//! Tenant first: no method takes a bare resource id without its workspace, except those that the
//! connector uses on sessions it holds under a lease.

mod audit;
mod chats;
mod duties;
mod exports;
mod fetch;
mod identities;
mod lanes;
mod leases;
mod limits;
mod log;
mod origins;
mod outbox;
mod people;
mod polls;
mod providers;
mod records;
mod removals;
mod requests;
mod retention;
mod store;
mod tokens;
mod told;
mod webhooks;
mod workspaces;

pub use audit::{AuditLog, AuditQuery};
pub use chats::{ChatPlace, ChatQuery, Chats};
pub use duties::Duties;
pub use exports::Exports;
pub use fetch::{Fetch, FetchError, Fetched};
pub use identities::{Identities, Unlinked};
pub use lanes::{
    Accept, Accepted, Claim, Edited, Job, LaneDepth, Lanes, Place, Settlement, Standing, Tally, Unless,
    Verdict, Wanted, Which,
};
pub use leases::{Leases, SessionCalls, Wake, WakeStream};
pub use limits::Limits;
pub use log::{EventLog, Group, LogEntry, LogPosition};
pub use origins::Origins;
pub use outbox::{MailQueue, MailTaken, Mailbox, Mailer, Outbox, Outgoing, SendError};
pub use people::{
    Admitted, Code, EarlierUse, Joined, MemberChange, Members, Newcomer, PasswordChange, People, Presented,
    Purpose, Rotation, SecondFactor, SecondFactors, SignIns, Standings,
};
pub use polls::{Poll, Polls};
pub use providers::{Arrival, Departure, Provider, ProviderFailure, Providers};
pub use records::{
    ApiKeys, ChatFilter, ContactQuery, Contacts, MediaIndex, MessageQuery, Messages, Projection, Sessions,
};
pub use removals::{Due, Removals, Traces};
pub use requests::{Begun, Idempotency, StoredAnswer};
pub use retention::{Retentions, TooOld};
pub use store::{ByteStream, Objects, PutError, Stored};
pub use tokens::{Attempts, Claims, Compared, Passwords, Tokens};
pub use told::{Bell, Fed, ToldEntry, ToldEvents, ToldFeed, ToldQuery, ToldSubject};
pub use webhooks::{Answer, Deliveries, DeliveryQuery, Letter, Post, Term, Webhooks};
pub use workspaces::Workspaces;

/// A machine behind us could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// It is away or overloaded; the same call may work later.
    #[error("{what} is unavailable")]
    Unavailable {
        /// Which machine (`Redis`, `SQL`, `S3` …).
        what: &'static str,
        /// The cause, for the log.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Somebody else has taken over: the caller's epoch of a session, or its term with a webhook, is older than the one
    /// on record.
    #[error("somebody else has taken over")]
    Stale,
    /// It answered something we cannot use; trying again will not help.
    #[error("{what} failed")]
    Internal {
        /// Which machine.
        what: &'static str,
        /// The cause, for the log.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Result of a port call.
pub type PortResult<T> = Result<T, PortError>;
