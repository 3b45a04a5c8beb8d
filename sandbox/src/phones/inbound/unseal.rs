//! Acts that are encrypted with the secret of the message they are about: votes, answers to
//! events, reactions, edits.

use wacore::event::decrypt_event_response_with_secret;
use wacore::message_edit::{MessageEditContext, decrypt_message_edit};
use wacore::poll::{PollVoteCiphertext, compute_option_hash, decrypt_poll_vote_with_secret};
use wacore::reaction::decrypt_reaction_with_secret;
use wacore_binary::Jid;
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::content::{Attendance, Body, Content, text_of};
use super::super::store::{NewMessage, StoredMessage};

/// Number and LID of somebody.
type Party = (String, Option<String>);

impl Simulated {
    /// Opens a new act, when the message it is about is known.
    pub(super) async fn unseal(&self, phone: &Phone, new: &mut NewMessage) -> anyhow::Result<()> {
        let Some(target) = new.content.target().filter(|_| new.content.sealed) else { return Ok(()) };
        let Some(parent) = self.store.message_in(phone.pn(), &new.chat, target).await? else {
            return Ok(());
        };
        let by = (new.sender.clone(), new.sender_lid.clone());
        if let Some(body) = opened(&parent, &by, &new.raw)? {
            new.content.open(body);
        }
        Ok(())
    }

    /// Opens the acts that came before the message they are about.
    pub(super) async fn unseal_waiting(&self, phone: &Phone, chat: &str, id: &str) -> anyhow::Result<()> {
        for act in self.store.sealed_acts(phone.pn(), id).await? {
            let Some(parent) = self.store.message_in(phone.pn(), chat, id).await? else { continue };
            if act.chat == chat
                && let Some(body) = opened(&parent, &act.from, &act.raw)?
            {
                let mut content =
                    Content::of(&waproto::codec::message_decode(&act.raw)?, &[]).unwrap_or_default();
                content.open(body);
                self.store.unseal(act.seq, &content).await?;
            }
        }
        Ok(())
    }
}

/// What the act in `raw` says; `None` when the secret is missing or is not the right one.
fn opened(parent: &StoredMessage, by: &Party, raw: &[u8]) -> anyhow::Result<Option<Body>> {
    let original = waproto::codec::message_decode(&parent.raw)?;
    let Some(secret) = original.message_context_info.message_secret.as_deref() else { return Ok(None) };
    let message = waproto::codec::message_decode(raw)?;
    let found = addressings(&parent.from, by)
        .find_map(|(author, actor)| open_as(&Key { parent, secret, author, actor }, &message));
    if found.is_none() {
        tracing::warn!(id = parent.id, by = by.0, "an act cannot be opened with the secret of its message");
    }
    Ok(found)
}

/// What an act was encrypted with.
struct Key<'a> {
    parent: &'a StoredMessage,
    secret: &'a [u8],
    author: String,
    actor: String,
}

fn open_as(key: &Key<'_>, message: &wa::Message) -> Option<Body> {
    let Key { parent, secret, author, actor } = key;
    let id = parent.id.as_str();
    let bytes = |field: &'_ Option<Vec<u8>>| field.clone().unwrap_or_default();
    let mut body = Body::read(message)?;
    match &mut body {
        Body::PollVote(vote) => {
            let part = &message.poll_update_message.vote;
            let (enc_payload, enc_iv) = (bytes(&part.enc_payload), bytes(&part.enc_iv));
            let sealed = PollVoteCiphertext { enc_payload: &enc_payload, enc_iv: &enc_iv };
            let chosen = decrypt_poll_vote_with_secret(sealed, secret, id, author, actor).ok()?;
            let Some(Body::Poll(poll)) = &parent.body else { return None };
            let is_chosen =
                |option: &&String| chosen.iter().any(|hash| hash[..] == compute_option_hash(option));
            vote.options = poll.options.iter().filter(is_chosen).cloned().collect();
        }
        Body::EventResponse(answer) => {
            let part = &message.enc_event_response_message;
            let (payload, iv) = (bytes(&part.enc_payload), bytes(&part.enc_iv));
            let open = decrypt_event_response_with_secret(&payload, &iv, secret, id, author, actor).ok()?;
            answer.response = open.response.and_then(Attendance::read);
        }
        Body::Reaction(reaction) => {
            let part = &message.enc_reaction_message;
            let (payload, iv) = (bytes(&part.enc_payload), bytes(&part.enc_iv));
            let open = decrypt_reaction_with_secret(&payload, &iv, secret, id, author, actor).ok()?;
            reaction.emoji = open.text.unwrap_or_default();
        }
        Body::Edit(edit) => {
            let part = &message.secret_encrypted_message;
            let (payload, iv) = (bytes(&part.enc_payload), bytes(&part.enc_iv));
            let context =
                MessageEditContext { original_msg_id: id, original_sender_jid: author, editor_jid: actor };
            let open = decrypt_message_edit(&payload, &iv, secret, &context).ok()?;
            edit.text = text_of(&open.protocol_message.edited_message).unwrap_or_default();
        }
        _ => return None,
    }
    Some(body)
}

/// Author and actor in every addressing that clients use: both by number or both by LID first.
fn addressings(author: &Party, actor: &Party) -> impl Iterator<Item = (String, String)> {
    let forms = |(pn, lid): &Party| {
        (Jid::pn(pn.as_str()).to_string(), lid.as_deref().map(|lid| Jid::lid(lid).to_string()))
    };
    let ((author_pn, author_lid), (actor_pn, actor_lid)) = (forms(author), forms(actor));
    let by_lid = author_lid.clone().zip(actor_lid.clone());
    let mixed = actor_lid.map(|actor| (author_pn.clone(), actor));
    let mixed_too = author_lid.map(|author| (author, actor_pn.clone()));
    std::iter::once((author_pn, actor_pn)).chain(by_lid).chain(mixed).chain(mixed_too)
}
