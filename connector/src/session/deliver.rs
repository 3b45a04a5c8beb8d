//! One attempt to send one message.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wagate_domain::{
    ContactIds, MessageId, Timestamp,
    media::MediaState,
    messages::{Content, Failure, Message},
};

use super::{
    Shared,
    numbers::{Numbers, Resolved},
    verdict::Outcome,
};
use crate::{
    convert::{Own, Sendable, Uploaded, outbound},
    media::{UploadTrouble, upload},
    turns::Turn,
    wa::{Existence, Link, Restriction, Trouble},
};

/// How an attempt ended.
pub(crate) struct Delivery {
    /// The message.
    pub(super) message: MessageId,
    /// How it went.
    pub(super) outcome: Outcome,
    /// Identities of the recipient that were learned on the way.
    pub(super) learned: Option<ContactIds>,
    /// When the restriction ends that WhatsApp named, as far as it tells.
    pub(super) restricted_until: Option<Timestamp>,
    /// How long the server's ack took, when one came.
    pub(super) acked_in: Option<Duration>,
}

/// Everything an attempt needs.
pub(super) struct Attempt {
    pub(super) shared: Arc<Shared>,
    pub(super) link: Link,
    pub(super) own: Own,
    pub(super) numbers: Arc<Numbers>,
    pub(super) message: Message,
}

impl Attempt {
    /// Resolves the recipient, uploads the file, sends, and waits for the ack.
    pub(super) async fn run(self) -> Delivery {
        let began = Instant::now();
        let mut learned = None;
        let mut acked_in = None;
        let outcome = match self.attempt(&mut learned, &mut acked_in).await {
            Ok(outcome) => outcome,
            Err(trouble) => of(trouble),
        };
        if outcome == Outcome::Sent {
            metrics::histogram!("wagate_send_seconds").record(began.elapsed());
        }
        metrics::counter!("wagate_send_attempts_total", "outcome" => name(&outcome)).increment(1);
        let restricted_until = match outcome {
            Outcome::Restricted(restriction) => self.link.ends(restriction).await,
            _ => None,
        };
        Delivery { message: self.message.id, outcome, learned, restricted_until, acked_in }
    }

    async fn attempt(
        &self,
        learned: &mut Option<ContactIds>,
        acked_in: &mut Option<Duration>,
    ) -> Result<Outcome, Trouble> {
        let Resolved { existence, asked } = self.numbers.resolve(&self.link, &self.message.chat).await?;
        let Existence::Somebody { address, contact } = existence else {
            return Ok(failed("not_on_whatsapp", "nobody uses WhatsApp under this number"));
        };
        if asked && contact.pn.is_some() && contact.lid.is_some() {
            *learned = Some(contact);
        }
        let file = match self.file().await {
            Ok(file) => file,
            Err(outcome) => return Ok(outcome),
        };
        let sendable = Sendable { message: &self.message, file: file.as_ref(), own: &self.own };
        let Some(wire) = outbound(sendable) else {
            return Ok(failed("unsupported_content", "this content cannot be sent"));
        };
        let patience = self.shared.config.ack_timeout;
        let turn = self.turn().await?;
        let (ack, waited) = self.link.send(&address, wire, &self.message.stanza_id, turn, patience).await?;
        *acked_in = ack.as_ref().map(|_| waited);
        Ok(match ack.map(|ack| ack.error) {
            Some(None) => Outcome::Sent,
            Some(Some(code)) => match Restriction::of_nack(&code) {
                Some(restriction) => Outcome::Restricted(restriction),
                None => Outcome::Nacked(code),
            },
            None => self.unanswered(waited).await,
        })
    }

    /// A turn to encrypt and write. Nobody holds one while he waits for what WhatsApp still has for his device.
    async fn turn(&self) -> Result<Turn, Trouble> {
        loop {
            self.link.caught_up().await?;
            let turn = self.shared.turns.take(self.message.lane()).await;
            if self.link.is_caught_up() {
                return Ok(turn);
            }
        }
    }

    /// No ack came in time. When nothing else came either, the connection is dead, whatever its socket says, and
    /// is made anew: on it the message would be tried until it is given up.
    async fn unanswered(&self, waited: Duration) -> Outcome {
        let heard = self.link.wire().heard_at;
        if heard.is_none_or(|heard| self.shared.env.now().since(heard) < waited) {
            return Outcome::Unacked;
        }
        self.link.reconnect().await;
        Outcome::Lost
    }

    /// The message's file, uploaded; none for a message without one.
    async fn file(&self) -> Result<Option<Uploaded>, Outcome> {
        let Content::Media { kind, media, .. } = &self.message.content else {
            return Ok(None);
        };
        let ports = &self.shared.ports;
        let stored = ports
            .media
            .get(self.message.workspace, *media)
            .await
            .map_err(|error| Outcome::Temporary(error.to_string()))?;
        let Some(stored) = stored.filter(|stored| stored.state == MediaState::Ready) else {
            return Err(failed("media_unavailable", "the media object is not there; stage it again"));
        };
        let dir = &self.shared.config.temp_dir;
        match upload(&self.link, &*ports.objects, &stored.object_key(), *kind, dir).await {
            Ok(done) => Ok(Some(done)),
            Err(UploadTrouble::Missing) => {
                Err(failed("media_unavailable", "the media object is not there; stage it again"))
            }
            Err(UploadTrouble::Here(why)) => Err(Outcome::Temporary(why)),
            Err(UploadTrouble::There(trouble)) => Err(of(trouble)),
        }
    }
}

fn of(trouble: Trouble) -> Outcome {
    match trouble {
        Trouble::Lost => Outcome::Lost,
        Trouble::Temporary(why) => Outcome::Temporary(why),
        Trouble::Gone => Outcome::Temporary("the media host has lost the file".to_owned()),
        Trouble::Refused { code, message } => Outcome::Failed(Failure { code, message }),
    }
}

fn failed(code: &str, message: &str) -> Outcome {
    Outcome::Failed(Failure { code: code.to_owned(), message: message.to_owned() })
}

const fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent => "sent",
        Outcome::Nacked(_) => "nacked",
        Outcome::Restricted(_) => "restricted",
        Outcome::Unacked => "unacked",
        Outcome::Temporary(_) => "temporary",
        Outcome::Lost => "lost",
        Outcome::Failed(_) => "failed",
    }
}
