//! What users of the control API ask of phones beyond sending.

use super::Simulated;
use super::account::Settings;
use super::behaviour::{ReadBehaviour, Script};
use super::store::{ChatSummary, Page, PhoneSummary, StoredMessage};
use crate::ports::{Phones, PortError, PortResult};

/// Changes to a phone's settings; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    /// When the phone reads by itself.
    pub read: Option<ReadBehaviour>,
    /// What the phone answers by itself.
    pub script: Option<Script>,
    /// Whether the number exists for the network.
    pub on_whatsapp: Option<bool>,
    /// Whether the phone acknowledges messages without opening them, for load tests. Senders
    /// of messages so lost start over by retry receipts when it opens messages again.
    pub sink: Option<bool>,
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

    /// Changes a phone's settings.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn change(&self, pn: &str, change: SettingsChange) -> PortResult<PhoneSummary> {
        let phone = self.phone(pn).await?;
        let old = phone.settings();
        let new = Settings {
            read: change.read.unwrap_or(old.read),
            script: change.script.unwrap_or(old.script),
            on_whatsapp: change.on_whatsapp.unwrap_or(old.on_whatsapp),
            sink: change.sink.unwrap_or(old.sink),
        };
        self.store.save_settings(phone.pn(), &new).await?;
        let listed = new.on_whatsapp;
        phone.set_settings(new);
        if listed != old.on_whatsapp {
            self.network()?.account_changed(phone.pn()).await?;
        }
        self.summary(pn).await
    }

    /// A phone by number or LID, also when it is not on WhatsApp.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn summary(&self, user: &str) -> PortResult<PhoneSummary> {
        let phone = self.phone(user).await?;
        let settings = phone.settings();
        Ok(PhoneSummary {
            pn: phone.info.pn.clone(),
            lid: phone.info.lid.clone(),
            push_name: phone.push_name(),
            on_whatsapp: settings.on_whatsapp,
            sink: settings.sink,
            read: settings.read,
            script: settings.script,
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

    /// Storage key of a chat named by number, LID or JID.
    pub(super) async fn chat_key(&self, chat: &str) -> PortResult<String> {
        if chat.contains('@') {
            return Ok(chat.to_owned());
        }
        Ok(self.account_or_stranger(chat).await?.pn)
    }
}
