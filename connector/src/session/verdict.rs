//! What becomes of a message after an attempt to send it. Pure.

use std::time::Duration;

use wagate_domain::messages::Failure;

use crate::wa::Restriction;

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// WhatsApp acknowledged it.
    Sent,
    /// WhatsApp refused it with a code.
    Nacked(String),
    /// WhatsApp lets the account begin no new chats for a time.
    Restricted(Restriction),
    /// It was sent and no ack came in time.
    Unacked,
    /// Something failed that may work later.
    Temporary(String),
    /// The connection was lost; whether it left is unknown.
    Lost,
    /// It cannot be sent.
    Failed(Failure),
}

/// What to do with the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is sent.
    Sent,
    /// It has failed.
    Failed(Failure),
    /// Send it again, under the same id, after so long.
    Again(Duration),
    /// Set it aside until new chats may begin again.
    Park(Restriction),
}

/// Pauses before each further attempt; after the last one it is given up.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(45)];

/// Pauses while WhatsApp limits the rate: the account's limit, not the message's fault, so it has no end.
const RATE_PAUSES: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(45),
    Duration::from_secs(120),
    Duration::from_secs(300),
];

/// The fate of a message whose attempt number `tries` (1 for the first) went like that.
///
/// A lost connection is not counted: it is not the message's fault.
pub(super) fn fate(outcome: &Outcome, tries: u32) -> Fate {
    let pause = PAUSES.get(usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX)).copied();
    match outcome {
        Outcome::Sent => Fate::Sent,
        Outcome::Lost => Fate::Again(Duration::ZERO),
        Outcome::Failed(failure) => Fate::Failed(failure.clone()),
        Outcome::Restricted(restriction) => Fate::Park(*restriction),
        Outcome::Nacked(code) if code == "429" => {
            let step = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
            Fate::Again(RATE_PAUSES[step.min(RATE_PAUSES.len() - 1)])
        }
        Outcome::Nacked(code) => match pause {
            Some(pause) if may_pass_later(code) => Fate::Again(pause),
            _ => Fate::Failed(refused(code)),
        },
        Outcome::Unacked => match pause {
            // the wait for the ack was pause enough
            Some(_) => Fate::Again(Duration::ZERO),
            None => failed("no_ack", "WhatsApp did not acknowledge the message; it may have arrived"),
        },
        Outcome::Temporary(why) => match pause {
            Some(pause) => Fate::Again(pause),
            None => failed("send_failed", format!("the message could not be sent: {why}")),
        },
    }
}

/// Whether a refusal is about the moment rather than about the message.
fn may_pass_later(code: &str) -> bool {
    // 421 stale addressing, 5xx the server
    code == "421" || (code.len() == 3 && code.starts_with('5'))
}

fn refused(code: &str) -> Failure {
    let message = match code {
        "404" => "WhatsApp does not know the recipient",
        "403" => "the account may not write to this chat",
        _ => "WhatsApp refused the message",
    };
    Failure { code: format!("nack_{code}"), message: message.to_owned() }
}

fn failed(code: &str, message: impl Into<String>) -> Fate {
    Fate::Failed(Failure { code: code.to_owned(), message: message.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nack(code: &str) -> Outcome {
        Outcome::Nacked(code.to_owned())
    }

    #[test]
    fn what_only_new_chats_may_not_do_is_set_aside() {
        for restriction in [Restriction::ReachOut, Restriction::NewChats] {
            assert_eq!(fate(&Outcome::Restricted(restriction), 9), Fate::Park(restriction));
        }
    }

    #[test]
    fn every_outcome_has_its_fate() {
        let temporary = Outcome::Temporary("upload".to_owned());
        for (outcome, tries, again, failure) in [
            (Outcome::Sent, 1, None, None),
            (Outcome::Lost, 1, Some(0), None),
            (Outcome::Lost, 1_000, Some(0), None),
            (Outcome::Unacked, 1, Some(0), None),
            (Outcome::Unacked, 5, None, Some("no_ack")),
            (temporary.clone(), 1, Some(2), None),
            (temporary.clone(), 4, Some(45), None),
            (temporary, 5, None, Some("send_failed")),
            (nack("421"), 2, Some(5), None),
            (nack("429"), 1, Some(5), None),
            (nack("429"), 3, Some(45), None),
            (nack("429"), 1_000, Some(300), None),
            (nack("503"), 4, Some(45), None),
            (nack("503"), 5, None, Some("nack_503")),
            (nack("403"), 1, None, Some("nack_403")),
            (nack("479"), 1, None, Some("nack_479")),
            (nack("5"), 1, None, Some("nack_5")),
        ] {
            let expected = match (again, failure) {
                (Some(seconds), _) => (Some(Duration::from_secs(seconds)), None),
                (None, failure) => (None, failure),
            };
            let got = match fate(&outcome, tries) {
                Fate::Sent => (None, None),
                Fate::Again(pause) => (Some(pause), None),
                Fate::Failed(failure) => (None, Some(failure.code)),
                Fate::Park(_) => panic!("{outcome:?} is not about new chats"),
            };
            assert_eq!((got.0, got.1.as_deref()), expected, "{outcome:?} at try {tries}");
        }
    }
}
