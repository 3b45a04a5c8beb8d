//! What the client can be asked, by the library's own calls.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wacore::download::Downloadable;
use wacore::pair_code::PairCodeOptions;
use wacore::proto_helpers::{MessageBuilderExt, MessageExt};
use wacore_binary::{Jid, JidExt};
use waproto::whatsapp as wa;
use whatsapp_rust::{
    Client, ErrorChainExt, EventCreationParams, PinDuration, PollVoteCiphertext, RevokeType,
};

mod channels;
mod chats;
mod communities;
mod groups;
mod profile;

use super::memory::Kept;
use super::{Ours, refusal};
use crate::client::Refusal;
use crate::{Command, Said, What};

/// Why a call failed, with the server's number when it was the server.
pub(super) fn failed<E: std::error::Error + 'static>(error: E) -> Refusal {
    Refusal { code: error.server_rejection().map(|rejection| rejection.code), text: format!("{error:?}") }
}

/// A JID that a scenario has written.
pub(super) fn jid(text: &str) -> Result<Jid, Refusal> {
    text.parse().map_err(|error| refusal(format!("{text} is no JID: {error}")))
}

impl Ours {
    #[expect(clippy::too_many_lines, reason = "one short arm per command")]
    pub(super) async fn act(&self, command: Command) -> Result<Value, Refusal> {
        let client = self.client().await?;
        match command {
            Command::Open | Command::Close | Command::Drop | Command::ForgetSenderKeys { .. } => {
                return Err(refusal("done elsewhere"));
            }
            Command::Logout => client.logout().await,
            Command::PairingCode { number } => {
                let options = PairCodeOptions { phone_number: number, ..PairCodeOptions::default() };
                let code = client.pair_with_code(options).await.map_err(failed)?;
                return Ok(json!({ "code": code }));
            }
            Command::Send { to, said } => return self.send(&client, &jid(&to)?, &said).await,
            Command::SendRaw { to, body } => {
                let bytes = STANDARD.decode(body).map_err(refusal)?;
                let message = waproto::codec::message_decode(&bytes).map_err(refusal)?;
                return self.deliver(&client, &jid(&to)?, message).await;
            }
            Command::Download { id } => return self.download(&client, &id).await,
            Command::Older { chat, id, from_me, at, count } => {
                let asked = client.fetch_message_history(&jid(&chat)?, &id, from_me, at * 1000, count).await;
                asked.map_err(refusal)?;
            }
            Command::Read { ids } => {
                let first = self.memory.find(ids.first().ok_or_else(|| refusal("no message"))?)?;
                let crowd = first.chat.is_group() || first.chat.is_status_broadcast();
                let sender = crowd.then_some(&first.sender);
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                client.mark_as_read(&first.chat, sender, &ids).await.map_err(refusal)?;
            }
            Command::Played { id } => {
                let kept = self.memory.find(&id)?;
                let sender = kept.chat.is_group().then_some(&kept.sender);
                client.mark_as_played(&kept.chat, sender, &[id.as_str()]).await.map_err(refusal)?;
            }
            Command::Vote { poll, options } => {
                let poll = self.memory.find(&poll)?;
                let secret = poll.secret()?;
                let polls = client.polls();
                let voted = polls
                    .vote(&poll.chat, &poll.id, &poll.sender, &secret, &options)
                    .await
                    .map_err(failed)?;
                return Ok(json!({ "id": voted.message_id }));
            }
            Command::Tally { poll } => return self.tally(&client, &poll).await,
            Command::Presence { available: true } => {
                client.presence().set_available().await.map_err(failed)?;
            }
            Command::Presence { available: false } => {
                client.presence().set_unavailable().await.map_err(failed)?;
            }
            Command::Subscribe { who } => client.presence().subscribe(jid(&who)?).await.map_err(failed)?,
            Command::Typing { to, doing } => {
                let (to, chatstate) = (jid(&to)?, client.chatstate());
                match doing.as_str() {
                    "composing" => chatstate.send_composing(&to).await,
                    "recording" => chatstate.send_recording(&to).await,
                    _ => chatstate.send_paused(&to).await,
                }
                .map_err(failed)?;
            }
            Command::Change { chat, change } => return self.change(&client, &jid(&chat)?, &change).await,
            Command::SetName { name } => client.profile().set_push_name(&name).await.map_err(failed)?,
            Command::SetAbout { text } => client.profile().set_status_text(&text).await.map_err(failed)?,
            Command::About { who } => return profile::about(&client, &jid(&who)?).await,
            Command::SetPicture { of, file } => {
                return self.set_picture(&client, &jid(&of)?, file.as_ref()).await;
            }
            Command::Picture { of } => return self.picture(&client, &jid(&of)?).await,
            Command::Block { who, on } => return profile::block(&client, &jid(&who)?, on).await,
            Command::Blocked => return profile::blocked(&client).await,
            Command::Privacy => return profile::privacy(&client).await,
            Command::SetPrivacy { setting, value } => {
                return profile::set_privacy(&client, &setting, &value).await;
            }
            Command::SetDisappearing { seconds } => {
                client.set_default_disappearing_mode(seconds).await.map_err(failed)?;
            }
            Command::Disappearing { who } => return profile::disappearing(&client, jid(&who)?).await,
            Command::NewGroup { subject, members } => {
                return groups::create(&client, subject, &members).await;
            }
            Command::Group { group } => return groups::describe(&client, &jid(&group)?).await,
            Command::Groups => return groups::all(&client).await,
            Command::SetGroup { group, setting } => {
                return groups::set(&client, &jid(&group)?, setting).await;
            }
            Command::Members { group, act, who } => {
                return groups::members(&client, &jid(&group)?, act, &who).await;
            }
            Command::Leave { group } => return groups::leave(&client, &jid(&group)?).await,
            Command::Invite { group, fresh } => return groups::invite(&client, &jid(&group)?, fresh).await,
            Command::Invited { code } => return groups::invited(&client, &code).await,
            Command::Join { code } => return groups::join(&client, &code).await,
            Command::Requests { group } => return groups::requests(&client, &jid(&group)?).await,
            Command::Decide { group, who, admit } => {
                return groups::decide(&client, &jid(&group)?, &who, admit).await;
            }
            Command::NewCommunity { subject } => return communities::create(&client, subject).await,
            Command::Communities => return communities::all(&client).await,
            Command::Subgroups { community } => {
                return communities::subgroups(&client, &jid(&community)?).await;
            }
            Command::NewSubgroup { community, subject, members } => {
                return communities::create_subgroup(&client, jid(&community)?, subject, &members).await;
            }
            Command::Link { community, group, on } => {
                return communities::link(&client, jid(&community)?, jid(&group)?, on).await;
            }
            Command::JoinSubgroup { community, group } => {
                return communities::join_subgroup(&client, jid(&community)?, jid(&group)?).await;
            }
            Command::PostStatus { to, said } => return self.post_status(&client, &to, &said).await,
            Command::NewChannel { name, description } => {
                return channels::create(&client, &name, &description).await;
            }
            Command::Channel { channel } => return channels::describe(&client, &jid(&channel)?).await,
            Command::Follow { channel, on } => return channels::follow(&client, &jid(&channel)?, on).await,
            Command::RenameChannel { channel, name } => {
                return channels::rename(&client, &jid(&channel)?, &name).await;
            }
            Command::Posts { channel, count } => {
                return channels::posts(&client, &jid(&channel)?, count).await;
            }
            Command::ReactToPost { channel, number, emoji } => {
                return channels::react(&client, &jid(&channel)?, number, &emoji).await;
            }
            Command::RejectCall { call, from } => {
                let from = jid(&from)?;
                client.voip().reject_call(&call, &from, &from).await.map_err(failed)?;
            }
            Command::ForgetSessions { who } => {
                let who = who.iter().map(|who| jid(who)).collect::<Result<Vec<Jid>, _>>()?;
                let devices = client.signal().get_user_devices(&who).await.map_err(failed)?;
                client.signal().delete_sessions(&devices).await.map_err(failed)?;
            }
            Command::OnWhatsApp { numbers } => return on_whatsapp(&client, &numbers).await,
        }
        Ok(Value::Null)
    }

    /// Sends by the call that the library has for this content.
    async fn send(&self, client: &Client, to: &Jid, said: &Said) -> Result<Value, Refusal> {
        match &said.what {
            What::Reaction { to: id, emoji } => {
                let key = self.memory.find(id)?.key();
                let sent = client.send_reaction(to, key, emoji).await.map_err(failed)?;
                Ok(json!({ "id": sent.message_id }))
            }
            What::Edit { of, body } => {
                let id =
                    client.edit_message(to, of, wa::Message::text(body.as_str())).await.map_err(failed)?;
                Ok(json!({ "id": id }))
            }
            What::Revoke { of } => {
                let kept = self.memory.find(of)?;
                let by = if kept.from_me {
                    RevokeType::Sender
                } else {
                    RevokeType::Admin { original_sender: kept.sender }
                };
                client.revoke_message(to, of, by).await.map_err(failed)?;
                Ok(Value::Null)
            }
            What::Pin { of, pinned } => {
                let key = self.memory.find(of)?.key();
                let done = if *pinned {
                    client.pin_message(to, key, PinDuration::Hours24).await
                } else {
                    client.unpin_message(to, key).await
                };
                done.map_err(failed)?;
                Ok(Value::Null)
            }
            What::Keep { of, kept } => {
                let key = self.memory.find(of)?.key();
                let sent = client.keep_message(to, key, *kept).await.map_err(failed)?;
                Ok(json!({ "id": sent.message_id }))
            }
            What::Poll { name, options, selectable } => {
                let made = client.polls().create(to, name, options, *selectable).await;
                let (sent, secret) = made.map_err(failed)?;
                self.keep(client, to, &sent.message_id, poll(name, options, &secret));
                Ok(json!({ "id": sent.message_id }))
            }
            What::Event { name, description, start } => {
                let params = EventCreationParams {
                    name: name.clone(),
                    description: Some(description.clone()),
                    start_time: Some(*start),
                    ..EventCreationParams::default()
                };
                let (sent, _secret) = client.events().create(to, params).await.map_err(failed)?;
                Ok(json!({ "id": sent.message_id }))
            }
            What::Disappearing { seconds } => {
                client.set_chat_disappearing_timer(to.clone(), *seconds).await.map_err(failed)?;
                Ok(Value::Null)
            }
            _ => {
                let message = self.written(to, said).await?;
                self.deliver(client, to, message).await
            }
        }
    }

    async fn deliver(&self, client: &Client, to: &Jid, message: wa::Message) -> Result<Value, Refusal> {
        let sent = client.send_message(to, message.clone()).await.map_err(failed)?;
        self.keep(client, to, &sent.message_id, message);
        Ok(json!({ "id": sent.message_id }))
    }

    fn keep(&self, client: &Client, to: &Jid, id: &str, message: wa::Message) {
        let sender = if to.is_lid() { client.lid() } else { client.pn() }.unwrap_or_default().to_non_ad();
        let (id, chat) = (id.to_owned(), to.clone());
        self.memory.keep(Kept { id, chat, sender, from_me: true, message: message.into() });
    }

    async fn download(&self, client: &Client, id: &str) -> Result<Value, Refusal> {
        let kept = self.memory.find(id)?;
        let message = kept.message.get_base_message();
        let part = attachment(message).ok_or_else(|| refusal("it has no file"))?;
        let bytes = client.download(part).await.map_err(refusal)?;
        Ok(json!({ "sha256": hex::encode(Sha256::digest(&bytes)), "size": bytes.len() }))
    }

    async fn tally(&self, client: &Client, id: &str) -> Result<Value, Refusal> {
        let poll = self.memory.find(id)?;
        let What::Poll { options, .. } = Said::of(&poll.message).what else {
            return Err(refusal("it is no poll"));
        };
        let kept = self.memory.all();
        let votes: Vec<(&Jid, PollVoteCiphertext<'_>)> = kept
            .iter()
            .filter_map(|kept| {
                let update = kept.message.get_base_message().poll_update_message.as_option()?;
                let of_it = update.poll_creation_message_key.id.as_deref() == Some(id);
                let vote = update.vote.as_option().filter(|_| of_it)?;
                let (enc_payload, enc_iv) = (vote.enc_payload.as_deref()?, vote.enc_iv.as_deref()?);
                Some((&kept.sender, PollVoteCiphertext { enc_payload, enc_iv }))
            })
            .collect();
        let polls = client.polls();
        let counted = polls.aggregate_votes(&options, &votes, &poll.secret()?, id, &poll.sender).await;
        let counted = counted.map_err(failed)?;
        let options: serde_json::Map<String, Value> =
            counted.into_iter().map(|option| (option.name, json!(option.voters))).collect();
        Ok(json!({ "options": options }))
    }
}

fn attachment(message: &wa::Message) -> Option<&dyn Downloadable> {
    if let Some(part) = message.image_message.as_option() {
        return Some(part);
    }
    if let Some(part) = message.video_message.as_option().or(message.ptv_message.as_option()) {
        return Some(part);
    }
    if let Some(part) = message.audio_message.as_option() {
        return Some(part);
    }
    if let Some(part) = message.document_message.as_option() {
        return Some(part);
    }
    message.sticker_message.as_option().map(|part| part as &dyn Downloadable)
}

/// A poll as its maker remembers it.
fn poll(name: &str, options: &[String], secret: &[u8]) -> wa::Message {
    let option = |name: &String| wa::message::poll_creation_message::Option {
        option_name: Some(name.clone()),
        ..Default::default()
    };
    wa::Message {
        poll_creation_message: buffa::MessageField::some(wa::message::PollCreationMessage {
            name: Some(name.to_owned()),
            options: options.iter().map(option).collect(),
            ..Default::default()
        }),
        message_context_info: buffa::MessageField::some(wa::MessageContextInfo {
            message_secret: Some(secret.to_vec()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn on_whatsapp(client: &Client, numbers: &[String]) -> Result<Value, Refusal> {
    let jids: Vec<Jid> = numbers.iter().map(Jid::pn).collect();
    let found = client.contacts().is_on_whatsapp(&jids).await.map_err(failed)?;
    let found: Vec<Value> = found
        .iter()
        .filter(|person| person.is_registered)
        .map(|person| json!({ "jid": person.jid.to_string(), "lid": person.lid.as_ref().map(ToString::to_string) }))
        .collect();
    Ok(json!({ "found": found }))
}
