//! An event as it is posted: the envelope, signed by the Standard Webhooks specification.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::time::Duration;

use bytes::Bytes;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};
use wagate_domain::{
    Timestamp,
    events::Told,
    ports::Letter,
    webhooks::{SigningSecret, Webhook},
};

use super::Envelope;

/// A body and the headers that prove whose it is.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The body.
    pub body: Bytes,
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    pub headers: Vec<(String, String)>,
}

/// Signs a body under an id at a moment with every secret that is live then.
#[must_use]
pub fn sign(id: &str, body: Bytes, now: Timestamp, secrets: &[SigningSecret]) -> Signed {
    let seconds = now.as_millis().div_euclid(1_000);
    let signatures: Vec<String> = secrets
        .iter()
        .filter(|secret| secret.is_live(now))
        .filter_map(|secret| standardwebhooks::Webhook::new(secret.expose()).ok())
        .filter_map(|webhook| webhook.sign(id, seconds, &body).ok())
        .collect();
    let headers = vec![
        (HEADER_WEBHOOK_ID.to_owned(), id.to_owned()),
        (HEADER_WEBHOOK_TIMESTAMP.to_owned(), seconds.to_string()),
        (HEADER_WEBHOOK_SIGNATURE.to_owned(), signatures.join(" ")),
    ];
    Signed { body, headers }
}

/// An event for a webhook, ready to be posted at this moment.
#[must_use]
pub fn letter(webhook: &Webhook, told: Told, now: Timestamp, patience: Duration) -> Letter {
    let id = told.id.to_string();
    let body = serde_json::to_vec(&Envelope::from(told)).unwrap_or_default();
    let Signed { body, mut headers } = sign(&id, body.into(), now, &webhook.secrets);
    headers.extend(webhook.headers.iter().cloned());
    Letter { url: webhook.url.clone(), headers, body, patience }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn signatures_are_the_ones_of_the_specification() {
        let secret = SigningSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let now = Timestamp::from_millis(1_614_265_330_000);
        let body = Bytes::from_static(br#"{"test": 2432232314}"#);
        let signed = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", body, now, &[secret]);
        let signature = &signed.headers[2].1;
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_live_secrets_sign_both_and_a_dead_one_does_not() {
        let now = Timestamp::from_millis(10_000);
        let old = SigningSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let new = SigningSecret::read("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let signatures = |end: i64| {
            let secrets = [new.clone(), old.clone().until(Timestamp::from_millis(end))];
            sign("msg", Bytes::from_static(b"{}"), now, &secrets).headers[2].1.split(' ').count()
        };
        assert_eq!((signatures(10_001), signatures(10_000)), (2, 1));
    }
}
