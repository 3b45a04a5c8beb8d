//! The phones as the network sees them.

use async_trait::async_trait;
use bytes::Bytes;
use wacore_binary::Node;

use super::Simulated;
use super::account::{Keys, SIGNED_PRE_KEY_ID, invent_name, new_raw_id, raw_public};
use super::linking::{Session, sign_companion, sign_key_index_list};
use super::store::NewPhone;
use crate::ports::{
    AccountInfo, CodeFinish, CodeHello, CodePrimaryHello, CompanionAddress, KeyBundle, PairingRequest,
    PasskeySession, Phones, PortError, PortResult,
};

/// Shortest and longest E.164 number without `+`; short test numbers are allowed.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;

#[async_trait]
impl Phones for Simulated {
    async fn ensure(&self, pn: &str, push_name: Option<&str>) -> PortResult<AccountInfo> {
        let phone = match self.find_phone(pn).await? {
            Some(phone) => phone,
            None => {
                self.make_phones(vec![(pn.to_owned(), push_name.map(ToOwned::to_owned))]).await?;
                self.phone(pn).await?
            }
        };
        if phone.on_whatsapp() {
            Ok(phone.account())
        } else {
            Err(PortError::NotFound(format!("{pn} is not on WhatsApp")))
        }
    }

    async fn find(&self, pn_or_lid: &str) -> PortResult<Option<AccountInfo>> {
        let phone = self.find_phone(pn_or_lid).await?;
        Ok(phone.filter(|phone| phone.on_whatsapp()).map(|phone| phone.account()))
    }

    fn population(&self) -> usize {
        self.store.population()
    }

    async fn deliver(&self, pn: &str, stanza: Node) -> PortResult<()> {
        self.receive(pn, &stanza).await
    }

    fn observe(&self, pn: &str, stanza: &Node) {
        self.sightings.take(pn, stanza, self.now());
    }

    async fn take_bundle(&self, pn: &str) -> PortResult<KeyBundle> {
        let phone = self.phone(pn).await?;
        // a sink that opens nothing needs no key of its own for every session
        let unused = self.behaviour(&phone);
        let one_time = if unused.sink && unused.sample == 0 {
            None
        } else {
            Some(self.store.new_pre_key(&phone).await?)
        };
        Ok(KeyBundle {
            registration_id: phone.keys.registration_id,
            identity: phone.info.identity,
            signed_pre_key: (
                SIGNED_PRE_KEY_ID,
                raw_public(&phone.keys.signed_pre_key.public_key),
                phone.keys.signed_pre_key_signature,
            ),
            one_time,
            device_identity: None,
        })
    }

    async fn sign_companion(
        &self,
        pn: &str,
        request: &PairingRequest,
        adv_secret: [u8; 32],
    ) -> PortResult<Bytes> {
        let phone = self.phone(pn).await?;
        Ok(sign_companion(&phone, request, &adv_secret, self.clock.unix_secs())?.into())
    }

    async fn sign_key_index_list(&self, pn: &str, ts: u64, current: u32, valid: &[u32]) -> PortResult<Bytes> {
        let phone = self.phone(pn).await?;
        Ok(sign_key_index_list(&phone, ts, current, valid)?.into())
    }

    async fn code_primary_hello(
        &self,
        pn: &str,
        code: &str,
        hello: &CodeHello,
    ) -> PortResult<CodePrimaryHello> {
        let phone = self.phone(pn).await?;
        self.pairings.hello(phone.pn(), &phone.keys, code, hello).await
    }

    async fn code_finish(&self, pn: &str, finish: &CodeFinish) -> PortResult<[u8; 32]> {
        let phone = self.phone(pn).await?;
        self.pairings.finish(phone.pn(), &phone.keys, finish)
    }

    async fn passkey_session(&self, pn: &str, prologue: Bytes) -> PortResult<Box<dyn PasskeySession>> {
        self.phone(pn).await?;
        Ok(Box::new(Session::begin(&prologue)?))
    }

    async fn companion_ready(
        &self,
        companion: &CompanionAddress,
        request: &PairingRequest,
    ) -> PortResult<()> {
        self.bootstrap(companion, request).await
    }

    async fn companion_gone(&self, companion: &CompanionAddress) -> PortResult<()> {
        self.forget_companion(companion).await
    }
}

/// Phones whose keys are made in one go.
const KEYS_PER_TASK: usize = 256;

impl Simulated {
    /// Makes phones for numbers (and names) that have none; answers how many.
    pub(super) async fn make_phones(&self, numbers: Vec<(String, Option<String>)>) -> PortResult<usize> {
        if let Some((pn, _)) = numbers.iter().find(|(pn, _)| !is_number(pn)) {
            return Err(PortError::Refused(format!("{pn} is not a phone number")));
        }
        let now = self.now();
        if let [(pn, name)] = numbers.as_slice() {
            let phone = NewPhone::make(pn.clone(), name.clone(), now)?;
            return Ok(self.store.create_phones(&[phone]).await?);
        }
        // making keys takes time on a processor; storing them, on one connection
        let mut tasks = Vec::new();
        for numbers in numbers.chunks(KEYS_PER_TASK) {
            let numbers = numbers.to_vec();
            tasks.push(tokio::task::spawn_blocking(move || {
                let make = |(pn, name)| NewPhone::make(pn, name, now);
                numbers.into_iter().map(make).collect::<anyhow::Result<Vec<_>>>()
            }));
        }
        let mut made = 0;
        for task in tasks {
            made += self.store.create_phones(&task.await.map_err(anyhow::Error::from)??).await?;
        }
        Ok(made)
    }
}

impl NewPhone {
    fn make(pn: String, push_name: Option<String>, now: i64) -> anyhow::Result<Self> {
        let push_name = push_name.unwrap_or_else(|| invent_name(&pn));
        Ok(Self { pn, push_name, adv_raw_id: new_raw_id(), keys: Keys::generate(now)? })
    }
}

/// Digits of a possible phone number: 5 to 15, no leading zero.
pub(crate) fn is_number(digits: &str) -> bool {
    NUMBER_DIGITS.contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0')
}
