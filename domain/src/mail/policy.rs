//! When a mail is tried again, and when it is given up.

use std::time::Duration;

use super::Mail;
use crate::{
    Timestamp,
    backoff::Backoff,
    ports::{MailTaken, SendError},
};

/// How patient we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailPolicy {
    /// Pauses between tries.
    pub pauses: Backoff,
    /// After so long a mail that fails once more is given up.
    pub give_up_after: Duration,
}

impl Default for MailPolicy {
    /// A minute to four hours over a day.
    fn default() -> Self {
        let pauses = Backoff { first: Duration::from_mins(1), longest: Duration::from_hours(4) };
        Self { pauses, give_up_after: Duration::from_hours(24) }
    }
}

/// What has become of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A mail server has it.
    Sent {
        /// What the server said.
        answer: String,
    },
    /// Nobody is sent anything: it can be read in the mailbox.
    Kept,
    /// It is tried again.
    Later {
        /// What went wrong.
        answer: String,
        /// Not before this moment.
        at: Timestamp,
    },
    /// It will not be sent.
    Failed {
        /// What went wrong last.
        answer: String,
    },
}

impl Outcome {
    /// The name used on record and in figures.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Kept => "kept",
            Self::Later { .. } => "waiting",
            Self::Failed { .. } => "failed",
        }
    }
}

impl MailPolicy {
    /// What becomes of a mail after its `tries`th try; `random` in 0..1 spreads what failed together.
    #[must_use]
    pub fn judge(
        &self,
        mail: &Mail,
        tries: u32,
        tried: Result<MailTaken, SendError>,
        now: Timestamp,
        random: f64,
    ) -> Outcome {
        match tried {
            Ok(MailTaken::ByServer(answer)) => Outcome::Sent { answer },
            Ok(MailTaken::Kept) => Outcome::Kept,
            Err(SendError::Never(answer)) => Outcome::Failed { answer },
            Err(SendError::Later(answer)) if now < mail.created_at.plus(self.give_up_after) => {
                Outcome::Later { answer, at: now.plus(self.pauses.pause(tries, random)) }
            }
            Err(SendError::Later(answer)) => Outcome::Failed { answer },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        MailId,
        ids::{Id, ulid},
        mail::Letter,
    };

    const MINUTE: i64 = 60_000;

    #[test]
    fn what_becomes_of_a_mail() {
        let mail = Mail {
            id: MailId::from_ulid(ulid(Timestamp::default(), 1)),
            workspace: None,
            to: "ops@example.com".to_owned(),
            letter: Letter::PasswordChanged,
            created_at: Timestamp::default(),
        };
        let at = |minutes: i64| Timestamp::from_millis(minutes * MINUTE);
        let said = || "x".to_owned();
        let later = |minutes| Outcome::Later { answer: said(), at: at(minutes) };
        for (tries, tried, now, becomes) in [
            (1, Ok(MailTaken::ByServer(said())), 0, Outcome::Sent { answer: said() }),
            (1, Ok(MailTaken::Kept), 0, Outcome::Kept),
            (1, Err(SendError::Never(said())), 0, Outcome::Failed { answer: said() }),
            (1, Err(SendError::Later(said())), 0, later(1)),
            (2, Err(SendError::Later(said())), 1, later(3)),
            (20, Err(SendError::Later(said())), 1_439, later(1_439 + 240)),
            (21, Err(SendError::Later(said())), 1_440, Outcome::Failed { answer: said() }),
        ] {
            let judged = MailPolicy::default().judge(&mail, tries, tried, at(now), 0.0);
            assert_eq!(judged, becomes, "try {tries} at minute {now}");
        }
    }
}
