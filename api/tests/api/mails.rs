//! The outbox as a list: what was to be sent, and the links in it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use wagate_domain::{
    mail::{Letter, Mail},
    ports::{Outbox, PortResult},
};

/// Keeps every mail.
#[derive(Clone, Default)]
pub(crate) struct Mails(Arc<Mutex<Vec<Mail>>>);

#[async_trait]
impl Outbox for Mails {
    async fn put(&self, mail: &Mail) -> PortResult<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
        Ok(())
    }
}

impl Mails {
    /// The names of the letters to an address, oldest first.
    pub(crate) fn to(&self, address: &str) -> Vec<&'static str> {
        self.letters(address).iter().map(Letter::name).collect()
    }

    /// The secret in the link of the last letter of that name to an address.
    #[track_caller]
    pub(crate) fn token(&self, address: &str, name: &str) -> String {
        let letters = self.letters(address);
        let letter = letters.iter().rev().find(|letter| letter.name() == name);
        let link = match letter.unwrap_or_else(|| panic!("no {name} to {address}: {letters:?}")) {
            Letter::VerifyAddress { link }
            | Letter::ResetPassword { link }
            | Letter::AlreadyRegistered { link }
            | Letter::Invitation { link, .. } => link,
            other => panic!("{other:?} has no link"),
        };
        link.split_once("#token=").expect("a token behind the #").1.to_owned()
    }

    fn letters(&self, address: &str) -> Vec<Letter> {
        let mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.iter().filter(|mail| mail.to == address).map(|mail| mail.letter.clone()).collect()
    }
}
