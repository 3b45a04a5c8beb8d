//! Linking an account that is guarded by a passkey: the companion shows an assertion of it, then
//! phone and companion agree on a key, and both users compare a code.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use super::link::Link;
use crate::core::Core;
use crate::nodes::{SERVER, blob};
use crate::ports::{PortError, PortResult};
use crate::router::Account;

/// How long a companion, its user or the phone's user may take for one step.
const STEP: Duration = Duration::from_secs(60);
/// Who the passkey was made for.
const RELYING_PARTY: &str = "web.whatsapp.com";

/// What a companion sends, in this order.
#[derive(Debug)]
pub(crate) enum PasskeyStep {
    /// Its assertion, and what it commits itself to.
    Prologue { credential: Bytes, assertion: Bytes, payload: Bytes },
    /// What its commitment was made with.
    Nonce([u8; 32]),
    /// Its keys and a new ADV secret, for the phone alone.
    Request(Bytes),
}

/// A link that waits for the steps of its companion.
#[derive(Default)]
pub(crate) struct PasskeyDesk(Mutex<Option<Asked>>);

struct Asked {
    options: String,
    reference: String,
    steps: mpsc::Sender<PasskeyStep>,
}

impl PasskeyDesk {
    fn lock(&self) -> MutexGuard<'_, Option<Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request options, while a passkey is asked for.
    pub(crate) fn options(&self) -> Option<String> {
        self.lock().as_ref().map(|asked| asked.options.clone())
    }

    /// The reference that this link goes by.
    pub(crate) fn reference(&self) -> Option<String> {
        self.lock().as_ref().map(|asked| asked.reference.clone())
    }

    /// Takes a step of the companion; `false` when none is awaited.
    pub(crate) fn take(&self, step: PasskeyStep) -> bool {
        self.lock().as_ref().is_some_and(|asked| asked.steps.try_send(step).is_ok())
    }
}

/// Codes that phones show and wait to hear that the companion shows the same.
#[derive(Default)]
pub(crate) struct Approvals(Mutex<HashMap<u64, (String, oneshot::Sender<bool>)>>);

impl Approvals {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, (String, oneshot::Sender<bool>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, pn: u64, code: String) -> oneshot::Receiver<bool> {
        let (sender, receiver) = oneshot::channel();
        self.lock().insert(pn, (code, sender));
        receiver
    }
}

impl Core {
    /// The phone's user says which code the companion shows. Another than the phone's ends the link.
    pub(crate) fn approve_passkey(&self, pn: u64, shown: &str) -> PortResult<()> {
        let waiting = self.approvals.lock().remove(&pn);
        let Some((code, answer)) = waiting else {
            return Err(PortError::NotFound("no companion is being linked by passkey".into()));
        };
        let same = shown.replace('-', "").eq_ignore_ascii_case(&code);
        // The link may have ended meanwhile.
        let _gone = answer.send(same);
        if same { Ok(()) } else { Err(PortError::Refused("phone and companion show different codes".into())) }
    }

    /// Runs the whole exchange and returns the ADV secret that the companion has chosen.
    pub(super) async fn agree_by_passkey(
        &self,
        account: &Account,
        link: &Link,
        reference: &str,
    ) -> PortResult<[u8; 32]> {
        let challenge = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let credential = credential_of(&account.info.pn);
        let options = request_options(&challenge, &credential);
        let (steps, mut inbox) = mpsc::channel(4);
        *link.passkey.lock() =
            Some(Asked { options: options.clone(), reference: reference.to_owned(), steps });
        let ask = blob("passkey_request_options", options.into_bytes());
        link.conn.send(self.notification("passkey_prologue_request", SERVER).children([ask]).build());
        let agreed = self.exchange(account, link, (&challenge, &credential), &mut inbox).await;
        *link.passkey.lock() = None;
        self.approvals.lock().remove(&account.pn);
        agreed
    }

    async fn exchange(
        &self,
        account: &Account,
        link: &Link,
        (challenge, credential): (&str, &[u8]),
        inbox: &mut mpsc::Receiver<PasskeyStep>,
    ) -> PortResult<[u8; 32]> {
        let PasskeyStep::Prologue { credential: shown, assertion, payload } = next(link, inbox).await? else {
            return Err(out_of_order());
        };
        check_assertion(&assertion, &shown, challenge, credential)?;
        let session = self.phones()?.passkey_session(&account.info.pn, payload).await?;
        let primary = blob("primary_ephemeral_identity", session.primary_identity().to_vec());
        link.conn.send(self.notification("crsc_continuation", SERVER).children([primary]).build());
        let PasskeyStep::Nonce(nonce) = next(link, inbox).await? else { return Err(out_of_order()) };
        let approved = self.approvals.ask(account.pn, session.reveal(&nonce)?);
        let PasskeyStep::Request(sealed) = next(link, inbox).await? else { return Err(out_of_order()) };
        let request = session.open(&sealed)?;
        if !link.registration.is_of(&request.noise, &request.identity) {
            return Err(PortError::Refused("the companion asks for other keys than its own".into()));
        }
        match tokio::time::timeout(STEP, approved).await {
            Ok(Ok(true)) => Ok(request.adv_secret),
            _ => Err(PortError::Refused("the phone's user has not approved the code".into())),
        }
    }
}

async fn next(link: &Link, inbox: &mut mpsc::Receiver<PasskeyStep>) -> PortResult<PasskeyStep> {
    let step = tokio::select! {
        step = tokio::time::timeout(STEP, inbox.recv()) => step.ok().flatten(),
        () = link.conn.gone.cancelled() => None,
    };
    step.ok_or_else(|| PortError::Refused("the companion did not go on with its passkey".into()))
}

fn out_of_order() -> PortError {
    PortError::Refused("the companion's steps are out of order".into())
}

/// Id of the passkey of an account: this network makes one for each.
pub(crate) fn credential_of(pn: &str) -> Vec<u8> {
    Sha256::new().chain_update(b"wagate sandbox passkey").chain_update(pn).finalize()[..16].to_vec()
}

/// `PublicKeyCredentialRequestOptions`, as WebAuthn writes it in JSON.
fn request_options(challenge: &str, credential: &[u8]) -> String {
    json!({
        "challenge": challenge,
        "rpId": RELYING_PARTY,
        "timeout": STEP.as_millis(),
        "userVerification": "required",
        "allowCredentials": [{ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(credential) }],
    })
    .to_string()
}

/// Checks what an assertion is about. Its signature is not: the sandbox keeps no passkeys.
fn check_assertion(assertion: &[u8], shown: &[u8], challenge: &str, credential: &[u8]) -> PortResult<()> {
    let refused = |why: &str| PortError::Refused(format!("the assertion {why}"));
    let assertion: Value = serde_json::from_slice(assertion).map_err(|_| refused("is no JSON"))?;
    let client_data = assertion.pointer("/response/clientDataJSON").and_then(Value::as_str);
    let client_data = client_data.and_then(|data| URL_SAFE_NO_PAD.decode(data.trim_end_matches('=')).ok());
    let client_data: Value = client_data
        .and_then(|data| serde_json::from_slice(&data).ok())
        .ok_or_else(|| refused("has no client data"))?;
    let answered = client_data.get("challenge").and_then(Value::as_str).unwrap_or_default();
    if answered.trim_end_matches('=') != challenge {
        return Err(refused("answers another challenge"));
    }
    if shown != credential {
        return Err(refused("is of another passkey"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assertion(challenge: &str) -> Vec<u8> {
        let data = json!({ "type": "webauthn.get", "challenge": challenge }).to_string();
        json!({ "response": { "clientDataJSON": URL_SAFE_NO_PAD.encode(data) } }).to_string().into_bytes()
    }

    #[test]
    fn an_assertion_is_about_this_challenge_and_this_passkey() {
        let mine = credential_of("4915112345");
        check_assertion(&assertion("abc"), &mine, "abc", &mine).expect("accepted");
        for (assertion, shown) in [
            (assertion("abd"), mine.clone()),
            (assertion("abc"), credential_of("4915112346")),
            (b"{}".to_vec(), mine.clone()),
            (b"no".to_vec(), mine.clone()),
        ] {
            check_assertion(&assertion, &shown, "abc", &mine).expect_err("refused");
        }
    }
}
