//! Calls.

use std::collections::VecDeque;

use wacore::types::{
    call::{CallAction, IncomingCall, MissedCall},
    events::Event,
};
use wacore_binary::Jid;
use wagate_domain::{
    ContactIds,
    events::{Call, CallState},
};

use super::{address_of, identities_of};

/// Calls remembered at most; one that is forgotten ends without its group and kind.
const MOST: usize = 100;

/// Calls that ring: what follows names only their ids.
#[derive(Debug, Default)]
pub(crate) struct Ringing(VecDeque<Call>);

impl Ringing {
    /// Where a call stands after an event; `None` for what is between two devices that talk.
    pub(super) fn after(&mut self, event: &Event) -> Option<Call> {
        match event {
            Event::IncomingCall(call) => self.signalled(call),
            Event::MissedCall(MissedCall { from, call_id, .. }) => {
                Some(self.over(call_id, identities_of(Some(from)), CallState::Missed))
            }
            _ => None,
        }
    }

    fn signalled(&mut self, call: &IncomingCall) -> Option<Call> {
        let id = call.action.call_id();
        let from = identities_of(Some(call.action.call_creator())).or(identities_of(Some(&call.from)));
        match &call.action {
            CallAction::Offer { caller_pn, is_video, group_jid, .. } => {
                let group = group_jid.as_ref().or_else(|| group_of(call)).and_then(address_of);
                let from = from.or(identities_of(caller_pn.as_ref()));
                Some(self.rings(Call {
                    id: id.to_owned(),
                    state: CallState::Ringing,
                    from,
                    group,
                    video: *is_video,
                }))
            }
            CallAction::OfferNotice { is_video, .. } => {
                let group = group_of(call).and_then(address_of);
                Some(self.rings(Call {
                    id: id.to_owned(),
                    state: CallState::Ringing,
                    from,
                    group,
                    video: *is_video,
                }))
            }
            // another device of the account has taken or refused it
            CallAction::Accept { .. } => Some(self.over(id, from, CallState::Accepted)),
            CallAction::Reject { reason: None, .. } => Some(self.over(id, from, CallState::Rejected)),
            CallAction::Terminate { reason, .. } => {
                let rang = self.0.iter().any(|known| known.id == id);
                let state = match reason.as_deref() {
                    Some("accepted_elsewhere") => CallState::Accepted,
                    Some("rejected_elsewhere") => CallState::Rejected,
                    None | Some("timeout" | "group_call_ended") if rang => CallState::Missed,
                    _ => CallState::Ended,
                };
                Some(self.over(id, from, state))
            }
            _ => None,
        }
    }

    fn rings(&mut self, call: Call) -> Call {
        self.0.retain(|known| known.id != call.id);
        self.0.truncate(MOST - 1);
        self.0.push_front(call.clone());
        call
    }

    fn over(&mut self, id: &str, from: ContactIds, state: CallState) -> Call {
        let place = self.0.iter().position(|known| known.id == id);
        let known = place.and_then(|place| self.0.remove(place));
        let call = known.unwrap_or(Call { id: id.to_owned(), state, from, group: None, video: false });
        Call { state, ..call }
    }
}

/// The group that the call's stanza came from.
fn group_of(call: &IncomingCall) -> Option<&Jid> {
    use wacore_binary::JidExt;
    Some(&call.from).filter(|from| from.is_group())
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
