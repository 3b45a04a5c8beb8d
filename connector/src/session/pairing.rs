//! Linking: QR codes as they rotate, codes to type, and who asked for them.

use std::time::Duration;

use tokio::time::Instant;
use wagate_domain::{
    Env, Timestamp,
    events::EventData,
    sessions::{self, CommandReply, Reason, Signal},
};

use super::{Input, actor::Actor, outbox::Entry};
use crate::wa::{CodeRefusal, PairingCode};

/// Something a phone can use, and until when.
#[derive(Debug, Clone)]
struct Offered {
    code: String,
    until: Timestamp,
}

/// What is on offer and who waits for it.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    qr: Option<Offered>,
    code: Option<Offered>,
    /// No further QR code will come on this connection.
    exhausted: bool,
    /// Commands that wait for a QR code.
    waiting: Vec<String>,
    /// A code to ask for as soon as the connection can: the command and the phone.
    to_request: Option<(String, String)>,
    /// Something is on offer in Redis.
    offered: bool,
    /// What the event log was told last.
    told: Option<sessions::Pairing>,
}

impl Pairing {
    /// When the code on offer runs out.
    pub(super) fn timer(&self, env: &Env) -> Option<Instant> {
        let left = self.code.as_ref()?.until.since(env.now());
        Some(Instant::now() + left + Duration::from_millis(1))
    }
}

impl Actor {
    /// Answers with a QR code, now or as soon as there is one.
    pub(super) async fn offer_qr(&mut self, command: String) {
        if self.pairing.code.take().is_some()
            && let Some(link) = self.device.link.clone()
        {
            link.withdraw_code().await;
        }
        self.drop_stale_qr();
        if self.pairing.qr.is_some() {
            self.show();
            self.pairing.waiting.push(command);
            self.answer_waiting();
            return;
        }
        self.pairing.waiting.push(command);
        self.open_for_pairing().await;
    }

    /// Answers with a code to type, now or as soon as the connection can ask for one.
    pub(super) async fn offer_code(&mut self, command: String, phone: String) {
        if let Some((superseded, _)) = self.pairing.to_request.replace((command, phone)) {
            self.refuse(superseded, "pairing_superseded", "another code was asked for meanwhile");
        }
        self.drop_stale_qr();
        if self.pairing.qr.is_some() || self.pairing.code.is_some() {
            self.request_code();
        } else {
            self.open_for_pairing().await;
        }
    }

    /// Makes sure that a connection is on its way that will show QR codes.
    async fn open_for_pairing(&mut self) {
        let spent = self.pairing.exhausted || self.device.is_parked();
        if !spent {
            return;
        }
        self.pairing.exhausted = false;
        if self.device.linked.is_some() {
            // credentials that WhatsApp refuses are in the way of new ones
            self.unlink().await;
        }
        self.start().await;
    }

    pub(super) fn on_qr(&mut self, code: String, valid_for: Duration) {
        if self.device.linked.take().is_some() {
            // a device that shows QR codes has no account, whatever the record says
            self.publish(EventData::SessionUnlinked {});
        }
        let until = self.shared.env.now().plus(valid_for);
        self.pairing.qr = Some(Offered { code, until });
        self.pairing.exhausted = false;
        self.show();
        self.answer_waiting();
        self.request_code();
    }

    pub(super) async fn on_qr_exhausted(&mut self, closed: bool) {
        self.pairing.qr = None;
        self.pairing.exhausted = true;
        if closed || self.pairing.code.is_none() {
            self.pairing_over().await;
        }
    }

    pub(super) async fn on_code_void(&mut self) {
        if self.pairing.code.take().is_none() {
            return;
        }
        if self.pairing.exhausted {
            self.pairing_over().await;
        } else {
            self.show();
        }
    }

    pub(super) async fn pairing_timers(&mut self) {
        let now = self.shared.env.now();
        if self.pairing.code.as_ref().is_some_and(|code| code.until <= now) {
            self.on_code_void().await;
        }
    }

    fn request_code(&mut self) {
        let (Some(link), Some((command, phone))) = (self.device.link.clone(), self.pairing.to_request.take())
        else {
            return;
        };
        let inbox = self.inbox.clone();
        let generation = self.device.generation;
        tokio::spawn(async move {
            let answer = link.pair_with_code(&phone).await;
            // an actor that has ended has nobody to answer
            let _ = inbox.send(Input::Code { generation, command, answer });
        });
    }

    pub(super) async fn on_code(
        &mut self,
        generation: u64,
        command: String,
        answer: Result<PairingCode, CodeRefusal>,
    ) {
        match answer {
            Ok(_) if generation != self.device.generation => {
                self.refuse(command, "pairing_failed", "the connection was lost meanwhile; try again");
            }
            Ok(PairingCode { code, valid_for }) => {
                let until = self.shared.env.now().plus(valid_for);
                self.pairing.code = Some(Offered { code: code.clone(), until });
                self.show();
                let pairing = sessions::Pairing::Code { code, expires_at: until };
                self.reply(command, CommandReply::Pairing(pairing));
            }
            Err(CodeRefusal { code, message }) => {
                self.refuse(command, code, &message);
                if self.pairing.exhausted && self.pairing.code.is_none() {
                    self.pairing_over().await;
                }
            }
        }
    }

    /// The codes ran out: begin again when somebody is asking, else wait to be asked.
    async fn pairing_over(&mut self) {
        if self.device.linked.is_some() {
            return;
        }
        // when Redis cannot tell, somebody may well be waiting
        let asked = self.shared.ports.calls.is_wanted(self.key).await.unwrap_or(true);
        if asked || !self.pairing.waiting.is_empty() || self.pairing.to_request.is_some() {
            self.pairing.exhausted = false;
            self.reopen().await;
            return;
        }
        self.close_device().await;
        self.pairing_closed("pairing_expired", "the QR codes ran out; ask for a new one");
        let reason =
            Reason::new("pairing_expired", "nobody scanned the QR codes; ask for a new one to go on");
        self.signal(Signal::PairingEnded, Some(reason));
    }

    /// Nothing is on offer any more; whoever waits is told why.
    pub(super) fn pairing_closed(&mut self, code: &str, message: &str) {
        let Pairing { waiting, to_request, offered, .. } = std::mem::take(&mut self.pairing);
        if offered {
            self.outbox.push(Entry::Offer(None));
        }
        for command in waiting.into_iter().chain(to_request.map(|(command, _)| command)) {
            self.refuse(command, code, message);
        }
    }

    /// Puts up the code that is out, else the QR code.
    fn show(&mut self) {
        let code = self
            .pairing
            .code
            .as_ref()
            .map(|offered| sessions::Pairing::Code { code: offered.code.clone(), expires_at: offered.until });
        let pairing = code.or_else(|| self.qr());
        self.pairing.offered = pairing.is_some();
        self.outbox.push(Entry::Offer(pairing.clone()));
        self.tell_offer(pairing);
    }

    /// Writes what is on offer into the log, once however often it is asked for.
    fn tell_offer(&mut self, pairing: Option<sessions::Pairing>) {
        if self.pairing.told == pairing {
            return;
        }
        self.pairing.told.clone_from(&pairing);
        if let Some(pairing) = pairing {
            self.publish(EventData::SessionOffer(pairing));
        }
    }

    fn qr(&self) -> Option<sessions::Pairing> {
        let offered = self.pairing.qr.as_ref()?;
        Some(sessions::Pairing::Qr { code: offered.code.clone(), expires_at: offered.until })
    }

    fn answer_waiting(&mut self) {
        let Some(qr) = self.qr() else { return };
        for command in std::mem::take(&mut self.pairing.waiting) {
            self.reply(command, CommandReply::Pairing(qr.clone()));
        }
    }

    fn drop_stale_qr(&mut self) {
        let now = self.shared.env.now();
        self.pairing.qr = self.pairing.qr.take().filter(|qr| now < qr.until);
    }
}
