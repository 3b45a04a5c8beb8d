//! What an event on the wire means for a session. Pure.

use wagate_domain::sessions::{PROXY_FAILED, Reason, Signal};

use crate::wa::{Goodbye, WireEvent};

/// What is to happen to the device after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It goes on.
    GoOn,
    /// It is closed; a person has to act.
    Park,
    /// It is closed and its credentials are worthless.
    Unlink,
    /// It is opened anew.
    Reopen,
    /// It is opened anew, by which a former owner loses the connection.
    TakeBack,
}

/// What an event means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reaction {
    pub(super) signal: Option<Signal>,
    pub(super) reason: Option<Reason>,
    pub(super) then: Then,
}

impl Reaction {
    const fn signal(signal: Signal) -> Self {
        Self { signal: Some(signal), reason: None, then: Then::GoOn }
    }

    fn end(signal: Signal, code: &str, message: impl Into<String>, then: Then) -> Self {
        Self { signal: Some(signal), reason: Some(Reason::new(code, message)), then }
    }
}

/// The meaning of an event. While a session is `contested`, another connection of its device is a former owner's.
pub(super) fn reaction(event: &WireEvent, contested: bool) -> Reaction {
    match event {
        WireEvent::Over(Goodbye::Replaced) if contested => {
            Reaction { then: Then::TakeBack, ..Reaction::signal(Signal::Lost) }
        }
        WireEvent::Qr { .. } => Reaction::signal(Signal::AwaitPairing),
        WireEvent::Online => Reaction::signal(Signal::Online),
        WireEvent::Lost => Reaction::signal(Signal::Lost),
        WireEvent::ProxyFailed(why) => {
            let message = format!("{why}; it is tried again until it works or the session gets another one");
            Reaction::end(Signal::Lost, PROXY_FAILED, message, Then::GoOn)
        }
        WireEvent::Acked => Reaction::signal(Signal::Recovered),
        WireEvent::Over(goodbye) => over(goodbye),
        WireEvent::Ended => Reaction { then: Then::Reopen, ..Reaction::signal(Signal::Lost) },
        WireEvent::QrExhausted { .. }
        | WireEvent::CodeVoid
        | WireEvent::Paired
        | WireEvent::PairFailed(_)
        | WireEvent::Renamed
        | WireEvent::Messages(_) => Reaction { signal: None, reason: None, then: Then::GoOn },
    }
}

fn over(goodbye: &Goodbye) -> Reaction {
    match goodbye {
        Goodbye::LoggedOut { code, definite: true } => Reaction::end(
            Signal::LoggedOut,
            code,
            "the device was unlinked on the phone or by WhatsApp; link it again",
            Then::Unlink,
        ),
        Goodbye::LoggedOut { code, definite: false } => Reaction::end(
            Signal::LoggedOut,
            code,
            "WhatsApp refuses the device; check the account on the phone, then start the session or link it again",
            Then::Park,
        ),
        Goodbye::Replaced => Reaction::end(
            Signal::Fatal,
            "replaced",
            "another connection of the same device took over; stop the other one, then start the session",
            Then::Park,
        ),
        Goodbye::Banned { why, lasts } => Reaction::end(
            Signal::Banned,
            "temporary_ban",
            match lasts {
                Some(lasts) => {
                    format!("WhatsApp banned the account for {} minutes: {why}", lasts.as_secs().div_ceil(60))
                }
                None => format!("WhatsApp banned the account for a time: {why}"),
            },
            Then::Park,
        ),
        Goodbye::Outdated => Reaction::end(
            Signal::Outdated,
            "client_outdated",
            "WhatsApp no longer accepts this version; update the gateway",
            Then::Park,
        ),
        Goodbye::Refused { code, message } => Reaction::end(
            Signal::Fatal,
            &format!("refused_{code}"),
            message.clone().unwrap_or_else(|| format!("WhatsApp refused the connection with code {code}")),
            Then::Park,
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wagate_domain::sessions::State;

    use super::*;

    fn logged_out(code: &'static str, definite: bool) -> WireEvent {
        WireEvent::Over(Goodbye::LoggedOut { code, definite })
    }

    #[test]
    fn from_connected() {
        let banned = Goodbye::Banned { why: "spam".to_owned(), lasts: Some(Duration::from_secs(90)) };
        let refused = Goodbye::Refused { code: 400, message: None };
        for (event, state, code, then) in [
            (WireEvent::Lost, Some(State::Reconnecting), None, Then::GoOn),
            (WireEvent::Ended, Some(State::Reconnecting), None, Then::Reopen),
            (
                WireEvent::ProxyFailed("the proxy cannot be reached".to_owned()),
                Some(State::Reconnecting),
                Some("proxy_failed"),
                Then::GoOn,
            ),
            (WireEvent::Renamed, None, None, Then::GoOn),
            (
                logged_out("device_removed", true),
                Some(State::LoggedOut),
                Some("device_removed"),
                Then::Unlink,
            ),
            (logged_out("account_locked", false), Some(State::LoggedOut), Some("account_locked"), Then::Park),
            (WireEvent::Over(Goodbye::Replaced), Some(State::Failed), Some("replaced"), Then::Park),
            (WireEvent::Over(banned), Some(State::Banned), Some("temporary_ban"), Then::Park),
            (WireEvent::Over(Goodbye::Outdated), Some(State::Outdated), Some("client_outdated"), Then::Park),
            (WireEvent::Over(refused), Some(State::Failed), Some("refused_400"), Then::Park),
        ] {
            let reaction = reaction(&event, false);
            assert_eq!(reaction.signal.and_then(|signal| State::Connected.after(signal)), state, "{event:?}");
            assert_eq!(reaction.reason.map(|reason| reason.code).as_deref(), code, "{event:?}");
            assert_eq!(reaction.then, then, "{event:?}");
        }
    }

    #[test]
    fn what_a_former_owner_replaced_is_taken_back() {
        let event = WireEvent::Over(Goodbye::Replaced);
        let taken_back = Reaction { signal: Some(Signal::Lost), reason: None, then: Then::TakeBack };
        assert_eq!(reaction(&event, true), taken_back);
        assert_eq!(reaction(&event, false).then, Then::Park);
        let outdated = WireEvent::Over(Goodbye::Outdated);
        assert_eq!(
            reaction(&outdated, true),
            reaction(&outdated, false),
            "anything else means what it means"
        );
    }

    #[test]
    fn on_the_way_up() {
        let qr = WireEvent::Qr { code: "2@x".to_owned(), valid_for: Duration::from_secs(60) };
        for (from, event, to) in [
            (State::Starting, qr, Some(State::Pairing)),
            (State::Starting, WireEvent::Online, Some(State::Connected)),
            (State::Pairing, WireEvent::Lost, None),
            (State::Pairing, WireEvent::Online, Some(State::Connected)),
            (State::Degraded, WireEvent::Acked, Some(State::Connected)),
            (State::Connected, WireEvent::Acked, None),
        ] {
            let signal = reaction(&event, false).signal;
            assert_eq!(signal.and_then(|signal| from.after(signal)), to, "{from} on {event:?}");
        }
    }
}
