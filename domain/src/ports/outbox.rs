//! The outbox of mail, and who empties it.

use async_trait::async_trait;

use crate::{
    MailId, Timestamp,
    mail::{Mail, Outcome, Written},
    ports::PortResult,
};

/// Where mail is put that is to be sent.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Puts a mail in; one of the same id that is there already is left as it is.
    async fn put(&self, mail: &Mail) -> PortResult<()>;
}

/// A mail that was taken out to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The mail.
    pub mail: Mail,
    /// How often it was tried, this time included.
    pub tries: u32,
}

/// The outbox as the worker has it.
#[async_trait]
pub trait MailQueue: Send + Sync {
    /// Takes up to `limit` mails that are due, the longest due first. Those of which nothing is noted until `held` are
    /// due again then: whoever took them has died.
    async fn take(&self, now: Timestamp, held: Timestamp, limit: u32) -> PortResult<Vec<Outgoing>>;
    /// Notes what has become of a mail; `false` when somebody else has taken it since. What it said is forgotten
    /// once it has been sent or given up: links in it are secrets.
    async fn settle(&self, outgoing: &Outgoing, outcome: &Outcome, now: Timestamp) -> PortResult<bool>;
    /// Deletes up to `limit` mails that ended before a moment; returns how many went.
    async fn forget(&self, before: Timestamp, limit: u32) -> PortResult<u64>;
    /// The newest mails that are kept to be read.
    async fn kept(&self, limit: u32) -> PortResult<Vec<Mail>>;
    /// One mail that is kept to be read.
    async fn kept_one(&self, id: MailId) -> PortResult<Option<Mail>>;
}

/// Who has a mail now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailTaken {
    /// A mail server; what it said.
    ByServer(String),
    /// We ourselves: nobody is sent anything here.
    Kept,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server is away, or says that another try may work.
    #[error("not now: {0}")]
    Later(String),
    /// No further try will work.
    #[error("never: {0}")]
    Never(String),
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one mail, within a time of its own.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn send(&self, mail: &Mail) -> Result<MailTaken, SendError>;
}

/// Mails that are kept to be read instead of being sent, on one's own machine.
#[async_trait]
pub trait Mailbox: Send + Sync {
    /// The newest ones, as they would look.
    async fn list(&self, limit: u32) -> PortResult<Vec<(Mail, Written)>>;
    /// One of them.
    async fn get(&self, id: MailId) -> PortResult<Option<(Mail, Written)>>;
}
