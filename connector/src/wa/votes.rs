//! Opening the votes in polls.

use wagate_domain::{Address, ports::Poll};
use whatsapp_rust::{Client, features::PollVoteCiphertext};

use super::hook::{Inbound, InboundSink, NotStored};
use crate::convert::{address_of, chosen, jid_of, poll_of, vote_of};

/// What a vote says, by the options' texts; `None` for what is no vote, and for a vote in a poll that nobody
/// knows. `earlier` came before it in the same batch, and may be the poll.
pub(super) async fn open(
    client: &Client,
    sink: &dyn InboundSink,
    came: &Inbound,
    earlier: &[Inbound],
) -> Result<Option<Vec<String>>, NotStored> {
    let Some((id, payload, iv)) = vote_of(&came.message) else { return Ok(None) };
    let known = match among(earlier, came, id) {
        Some(poll) => Some(poll),
        None => sink.poll(&chats(came), id).await?,
    };
    let Some(poll) = known else {
        tracing::debug!(poll = id, "a vote in a poll that nobody knows");
        return Ok(None);
    };
    let sealed = PollVoteCiphertext { enc_payload: payload, enc_iv: iv };
    let (creator, voter) = (jid_of(&poll.creator), came.info.source.sender.to_non_ad());
    match client.polls().decrypt_vote(sealed, &poll.secret, id, &creator, &voter).await {
        Ok(hashes) => Ok(Some(chosen(&poll, &hashes))),
        Err(error) => {
            tracing::warn!(poll = id, %error, "a vote could not be opened");
            Ok(None)
        }
    }
}

/// The poll, when it came in the same batch.
fn among(earlier: &[Inbound], vote: &Inbound, id: &str) -> Option<Poll> {
    let same_chat = |other: &&Inbound| other.info.id == id && other.info.source.chat == vote.info.source.chat;
    let poll = earlier.iter().rev().find(same_chat)?;
    poll_of(&poll.message, &poll.info)
}

/// The addresses of the chat: a poll may have come under a person's number and the vote under the LID.
fn chats(came: &Inbound) -> Vec<Address> {
    let Some(chat) = address_of(&came.info.source.chat) else { return Vec::new() };
    let mut chats = Vec::from([chat]);
    if chats.iter().all(Address::is_person) {
        let others = [came.contact.pn.clone().map(Address::pn), came.contact.lid.clone().map(Address::lid)];
        chats.extend(others.into_iter().flatten());
        chats.dedup();
    }
    chats
}
