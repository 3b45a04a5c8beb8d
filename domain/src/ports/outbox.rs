//! The outbox of mail.

use async_trait::async_trait;

use crate::{mail::Mail, ports::PortResult};

/// Where mail is put that is to be sent.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Puts a mail in; one of the same id that is there already is left as it is.
    async fn put(&self, mail: &Mail) -> PortResult<()>;
}
