//! Mail that is sent to nobody: kept to be read on one's own machine, or switched off.

use std::sync::Arc;

use async_trait::async_trait;
use wagate_domain::{
    MailId,
    mail::{Mail, Written},
    ports::{MailQueue, MailTaken, Mailbox, Mailer, PortError, PortResult, SendError},
};

use super::Templates;

/// [`Mailer`] that leaves every mail to the mailbox.
#[derive(Debug, Clone, Copy)]
pub struct KeptMail;

#[async_trait]
impl Mailer for KeptMail {
    async fn send(&self, _: &Mail) -> Result<MailTaken, SendError> {
        Ok(MailTaken::Kept)
    }
}

/// [`Mailer`] where mail is switched off.
#[derive(Debug, Clone, Copy)]
pub struct NoMail;

#[async_trait]
impl Mailer for NoMail {
    async fn send(&self, _: &Mail) -> Result<MailTaken, SendError> {
        Err(SendError::Never("mail is switched off (mail.enabled)".to_owned()))
    }
}

/// [`Mailbox`] of what the record keeps.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct SqlMailbox {
    queue: Arc<dyn MailQueue>,
    templates: Templates,
}

impl SqlMailbox {
    /// The mailbox of a record.
    #[must_use]
    pub fn new(queue: Arc<dyn MailQueue>, templates: Templates) -> Self {
        Self { queue, templates }
    }

    fn open(&self, mail: Mail) -> PortResult<(Mail, Written)> {
        let written = self.templates.write(&mail.letter);
        let written = written.map_err(|error| PortError::Internal { what: "mail", source: error.into() })?;
        Ok((mail, written))
    }
}

#[async_trait]
impl Mailbox for SqlMailbox {
    async fn list(&self, limit: u32) -> PortResult<Vec<(Mail, Written)>> {
        self.queue.kept(limit).await?.into_iter().map(|mail| self.open(mail)).collect()
    }

    async fn get(&self, id: MailId) -> PortResult<Option<(Mail, Written)>> {
        self.queue.kept_one(id).await?.map(|mail| self.open(mail)).transpose()
    }
}
