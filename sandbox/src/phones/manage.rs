//! What users of the control API ask of phones beyond sending.

use std::sync::{Arc, PoisonError};

use serde::Deserialize;
use utoipa::ToSchema;

use super::Simulated;
use super::account::Phone;
use super::behaviour::{Behaviour, ReadBehaviour, Script};
use super::store::{ChatSummary, Page, PhoneSummary, SeenBy, StoredMessage};
use crate::ports::{Phones, PortError, PortResult};

/// Name of the stored default behaviour.
pub(super) const DEFAULTS: &str = "defaults";

/// Changes to a phone's settings; what is `None` stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsChange {
    /// When the phone reads by itself.
    pub read: Option<ReadBehaviour>,
    /// What the phone answers by itself. A new script answers also where the last one had fallen
    /// silent.
    pub script: Option<Script>,
    /// Whether it shows itself as online while it reads and answers.
    pub online: Option<bool>,
    /// Whether it acknowledges messages without opening them, for load tests.
    pub sink: Option<bool>,
    /// A sink opens one message in so many; none when 0.
    pub sample: Option<u32>,
    /// Whether the number exists for the network.
    pub on_whatsapp: Option<bool>,
}

impl SettingsChange {
    /// The behaviour after the change; `None` when it says nothing about it.
    fn behaviour(self, old: &Behaviour) -> Option<Behaviour> {
        let new = Behaviour {
            read: self.read.unwrap_or(old.read),
            online: self.online.unwrap_or(old.online),
            sink: self.sink.unwrap_or(old.sink),
            sample: self.sample.unwrap_or(old.sample),
            script: match self.script {
                Some(script) => script,
                None if self.says_nothing() => return None,
                None => old.script.clone(),
            },
        };
        Some(new)
    }

    fn says_nothing(&self) -> bool {
        self.read.is_none()
            && self.script.is_none()
            && self.online.is_none()
            && self.sink.is_none()
            && self.sample.is_none()
    }
}

/// A phone to make, or to change when its number has one.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// Phone number, digits.
    pub pn: String,
    /// Used only when the phone is made; invented when absent.
    pub push_name: Option<String>,
    /// What is different from what phones do by default.
    pub settings: SettingsChange,
}

impl Simulated {
    /// Makes the phone unless it exists, then changes its settings.
    ///
    /// # Errors
    /// `Refused` when `pn` cannot be a phone number.
    pub async fn register(
        &self,
        pn: &str,
        push_name: Option<&str>,
        change: SettingsChange,
    ) -> PortResult<PhoneSummary> {
        match self.ensure(pn, push_name).await {
            // it exists and is not on WhatsApp; that is what may be changed here
            Ok(_) | Err(PortError::NotFound(_)) => self.change(pn, change).await,
            Err(error) => Err(error),
        }
    }

    /// Makes many phones at once, and changes the settings of each that names some; answers how
    /// many were made.
    ///
    /// # Errors
    /// `Refused` when one of the numbers cannot be a phone number; then nothing is made.
    pub async fn declare(&self, phones: Vec<Declared>) -> PortResult<usize> {
        let numbers: Vec<_> =
            phones.iter().map(|phone| (phone.pn.clone(), phone.push_name.clone())).collect();
        let made = self.make_phones(numbers).await?;
        for Declared { pn, settings, .. } in phones {
            if !settings.says_nothing() || settings.on_whatsapp.is_some() {
                self.change(&pn, settings).await?;
            }
        }
        Ok(made)
    }

    /// Changes a phone's settings.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn change(&self, pn: &str, change: SettingsChange) -> PortResult<PhoneSummary> {
        let phone = self.phone(pn).await?;
        if let Some(exists) = change.on_whatsapp.filter(|exists| *exists != phone.on_whatsapp()) {
            self.store.save_existence(phone.pn(), exists).await?;
            phone.set_on_whatsapp(exists);
            self.network()?.account_changed(phone.pn()).await?;
        }
        let old = self.behaviour(&phone);
        if let Some(new) = change.behaviour(&old) {
            self.store.save_behaviour(phone.pn(), Some(&new)).await?;
            if new.script != old.script {
                self.store.speak_again(phone.pn()).await?;
            }
            phone.set_behaviour(Some(Arc::new(new)));
        }
        self.summary(pn).await
    }

    /// What a phone does by itself.
    pub(super) fn behaviour(&self, phone: &Phone) -> Arc<Behaviour> {
        phone.own_behaviour().unwrap_or_else(|| self.defaults())
    }

    /// What phones do by themselves unless something else was said of them; the phones that the
    /// network makes on demand, above all.
    #[must_use]
    pub fn defaults(&self) -> Arc<Behaviour> {
        self.defaults.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what phones do by default, for those that exist, too.
    ///
    /// # Errors
    /// `Refused` when the change is about whether numbers exist.
    pub async fn change_defaults(&self, change: SettingsChange) -> PortResult<Arc<Behaviour>> {
        if change.on_whatsapp.is_some() {
            return Err(PortError::Refused("whether a number exists is said of each number".to_owned()));
        }
        let old = self.defaults();
        if let Some(new) = change.behaviour(&old) {
            self.store.save_setting(DEFAULTS, &new).await?;
            if new.script != old.script {
                self.store.break_silence().await?;
            }
            *self.defaults.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        }
        Ok(self.defaults())
    }

    /// A phone by number or LID, also when it is not on WhatsApp.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn summary(&self, user: &str) -> PortResult<PhoneSummary> {
        let phone = self.phone(user).await?;
        Ok(PhoneSummary {
            pn: phone.info.pn.clone(),
            lid: phone.info.lid.clone(),
            push_name: phone.push_name(),
            on_whatsapp: phone.on_whatsapp(),
            behaviour: phone.own_behaviour().as_deref().cloned(),
        })
    }

    /// Phones in order of their number, after `cursor` (empty for the first).
    ///
    /// # Errors
    /// When storage fails.
    pub async fn list(&self, cursor: &str, limit: u32) -> PortResult<Page<PhoneSummary>> {
        Ok(self.store.list_phones(cursor, limit).await?)
    }

    /// Chats of a phone, newest first.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn chats(&self, pn: &str) -> PortResult<Vec<ChatSummary>> {
        let phone = self.phone(pn).await?;
        Ok(self.store.chats(phone.pn()).await?)
    }

    /// Messages of one chat, oldest first, after `cursor` (a message's `seq`, 0 for the first).
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn chat_messages(
        &self,
        pn: &str,
        chat: &str,
        cursor: i64,
        limit: u32,
    ) -> PortResult<Page<StoredMessage>> {
        let phone = self.phone(pn).await?;
        let chat = self.chat_key(chat).await?;
        let mut page = self.store.messages(phone.pn(), &chat, cursor, limit).await?;
        self.store.apply_acts(phone.pn(), &mut page.items).await?;
        Ok(page)
    }

    /// Incoming messages of all chats, oldest first, after `cursor`.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn inbox(&self, pn: &str, cursor: i64, limit: u32) -> PortResult<Page<StoredMessage>> {
        let phone = self.phone(pn).await?;
        let mut page = self.store.inbox(phone.pn(), cursor, limit).await?;
        self.store.apply_acts(phone.pn(), &mut page.items).await?;
        Ok(page)
    }

    /// The newest message of this id.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or message.
    pub async fn message(&self, pn: &str, id: &str) -> PortResult<StoredMessage> {
        let phone = self.phone(pn).await?;
        let message = self.store.message(phone.pn(), id).await?;
        let mut message =
            message.ok_or_else(|| PortError::NotFound(format!("no message {id} on this phone")))?;
        self.store.apply_acts(phone.pn(), std::slice::from_mut(&mut message)).await?;
        Ok(message)
    }

    /// Who has told what about a message that the account has sent.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or message.
    pub async fn seen_by(&self, pn: &str, id: &str) -> PortResult<Vec<SeenBy>> {
        let message = self.message(pn, id).await?;
        let phone = self.phone(pn).await?;
        Ok(self.store.seen_by(phone.pn(), &message.id).await?)
    }

    /// Storage key of a chat named by number, LID or JID.
    pub(super) async fn chat_key(&self, chat: &str) -> PortResult<String> {
        if chat.contains('@') {
            return Ok(chat.to_owned());
        }
        Ok(self.account_or_stranger(chat).await?.pn)
    }
}
