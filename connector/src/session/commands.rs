//! What the API asks of the session.

use std::time::Duration;

use tokio::time::{Instant, error::Elapsed};
use wagate_domain::{
    Address, ContactIds,
    events::{ChatChange, EventData},
    sessions::{Command, CommandReply, Reason, Signal, State},
};

use super::{
    Leave,
    actor::Actor,
    outbox::{Entry, chain},
};
use crate::wa::{Link, Trouble};

/// Commands taken in one round, so that nobody can keep an actor from its other work.
const ROUND: usize = 32;
/// How long sending something small may take.
pub(super) const WIRE_PATIENCE: Duration = Duration::from_secs(10);

impl Actor {
    /// Takes the commands that were left.
    pub(super) async fn look_for_commands(&mut self) {
        if self.commands_at.is_none_or(|at| Instant::now() < at) {
            return;
        }
        self.commands_at = None;
        for _ in 0..ROUND {
            match self.shared.ports.calls.next_command(self.key).await {
                Ok(Some((id, command))) => self.obey(id, command).await,
                Ok(None) => return,
                Err(error) => {
                    tracing::debug!(session = %self.key.id, error = %chain(&error), "commands not readable");
                    self.commands_at = Some(Self::look_again());
                    return;
                }
            }
        }
        self.commands_at = Some(Instant::now());
    }

    async fn obey(&mut self, id: String, command: Command) {
        match command {
            Command::OfferQr if self.is_linked_for_good() => self.already_linked(id),
            Command::OfferCode { .. } if self.is_linked_for_good() => self.already_linked(id),
            Command::OfferQr => self.offer_qr(id).await,
            Command::OfferCode { phone } => self.offer_code(id, phone).await,
            Command::Logout => self.log_out(id).await,
            Command::Refresh => self.refresh(id).await,
            Command::Health => {
                let health = self.health();
                self.reply(id, CommandReply::Health(health));
            }
            Command::MarkRead { chat, ids } => self.mark_read(id, &chat, &ids).await,
            Command::ShowPresence { available } => self.show_presence(id, available).await,
            Command::WatchPresence { chat } => self.watch_presence(id, &chat).await,
        }
    }

    /// Whether an account is linked and WhatsApp has not said that it must be linked anew.
    fn is_linked_for_good(&self) -> bool {
        self.device.linked.is_some() && self.state != State::LoggedOut
    }

    fn already_linked(&mut self, id: String) {
        self.refuse(id, "already_linked", "the session is linked; log it out before linking it again");
    }

    async fn log_out(&mut self, id: String) {
        if let Some(link) = self.device.link.clone() {
            // what the device says about it is no news
            self.device.generation += 1;
            if self.device.linked.is_some() {
                link.logout().await;
            }
        }
        self.unlink().await;
        self.pairing_closed("logged_out", "the session was logged out");
        let reason = Reason::new("logged_out_by_owner", "unlinked on request; link it again to go on");
        self.signal(Signal::LoggedOut, Some(reason));
        self.reply(id, CommandReply::Done);
    }

    async fn refresh(&mut self, id: String) {
        let ports = &self.shared.ports;
        match ports.sessions.get(self.key.workspace, self.key.id).await {
            Ok(Some(session)) if session.epoch > self.epoch => self.stale = true,
            Ok(Some(session)) if session.wanted => {
                self.change_pace(&session);
                self.change_proxy(&session).await;
                if self.device.is_parked() {
                    self.start().await;
                }
            }
            Ok(_) => self.leave(Leave::Unwanted).await,
            // the supervisor looks at the record again soon
            Err(error) => {
                tracing::warn!(session = %self.key.id, error = %chain(&error), "session record not readable");
            }
        }
        self.reply(id, CommandReply::Done);
    }

    async fn mark_read(&mut self, id: String, chat: &str, ids: &[String]) {
        let Ok(chat) = chat.parse::<Address>() else {
            return self.refuse(id, "bad_chat", "the chat is no WhatsApp address");
        };
        let Some(link) = self.link_for(&id) else { return };
        let sent = tokio::time::timeout(WIRE_PATIENCE, link.mark_read(&chat, ids)).await;
        if matches!(sent, Ok(Ok(()))) {
            self.publish_read(chat);
        }
        self.answer_sent(id, sent, "the read receipts could not be sent; try again");
    }

    /// The device, if it can be used; else the command is refused.
    pub(super) fn link_for(&mut self, command: &str) -> Option<Link> {
        let link = self.device.link.clone().filter(|_| self.can_send());
        if link.is_none() {
            let message = "the session is not connected; try again when it is";
            self.refuse(command.to_owned(), "not_connected", message);
        }
        link
    }

    /// Answers a command that sent something.
    pub(super) fn answer_sent(
        &mut self,
        command: String,
        sent: Result<Result<(), Trouble>, Elapsed>,
        failed: &str,
    ) {
        match sent {
            Ok(Ok(())) => self.reply(command, CommandReply::Done),
            Ok(Err(Trouble::Lost)) | Err(_) => {
                self.refuse(command, "not_connected", "the connection was lost; try again");
            }
            Ok(Err(Trouble::Refused { code, message })) => self.refuse(command, &code, &message),
            Ok(Err(trouble)) => {
                tracing::warn!(session = %self.key.id, ?trouble, "{failed}");
                self.refuse(command, "not_sent", failed);
            }
        }
    }

    /// Everything in a chat counts as read, as when it is opened on a phone. In the log before the caller hears of it.
    fn publish_read(&mut self, chat: Address) {
        let (contact, change) = (ContactIds::of(&chat), ChatChange::Read { on: true });
        let at = self.shared.env.now();
        self.publish(EventData::ChatChanged { chat, contact, change, at });
    }

    /// Answers a command.
    pub(super) fn reply(&mut self, command: String, reply: CommandReply) {
        self.outbox.push(Entry::Reply { command, reply });
    }

    /// Refuses a command.
    pub(super) fn refuse(&mut self, command: String, code: &str, message: &str) {
        let reply = CommandReply::Refused { code: code.to_owned(), message: message.to_owned() };
        self.reply(command, reply);
    }
}
