//! Setting a phone up anew, and giving it another number. Companions end with either.

use super::Simulated;
use super::account::{Keys, new_raw_id};
use super::port::is_number;
use super::store::PhoneSummary;
use crate::ports::{PortError, PortResult};

impl Simulated {
    /// Installs the app anew: the account gets a new identity, its companions are unlinked, and
    /// those who know it start new sessions. Its messages come back from a backup.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn reinstall(&self, pn: &str) -> PortResult<PhoneSummary> {
        let phone = self.phone(pn).await?;
        self.unlink_all(phone.pn()).await?;
        {
            let (_sending, _ratchets) = (phone.sending.lock().await, phone.signal.lock().await);
            let keys = Keys::generate(self.now())?;
            self.store.renew_phone(phone.pn(), &keys, new_raw_id()).await?;
            self.cache.forget(phone.pn());
        }
        self.network()?.account_changed(phone.pn()).await?;
        self.summary(phone.pn()).await
    }

    /// Gives the account another number; its LID, keys and messages stay.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone, `Refused` when the new number is taken or is none.
    pub async fn change_number(&self, pn: &str, new: &str) -> PortResult<PhoneSummary> {
        if !is_number(new) {
            return Err(PortError::Refused(format!("{new} is not a phone number")));
        }
        if self.find_phone(new).await?.is_some() {
            return Err(PortError::Refused(format!("{new} has a phone already")));
        }
        let phone = self.phone(pn).await?;
        self.unlink_all(phone.pn()).await?;
        {
            let (_sending, _ratchets) = (phone.sending.lock().await, phone.signal.lock().await);
            self.store.renumber_phone(phone.pn(), new).await?;
            self.cache.forget(phone.pn());
        }
        self.network()?.change_number(phone.pn(), new).await?;
        self.summary(new).await
    }

    async fn unlink_all(&self, pn: &str) -> PortResult<()> {
        let network = self.network()?;
        for companion in network.companions(pn).await? {
            network.unlink(pn, companion.device).await?;
        }
        Ok(())
    }
}
