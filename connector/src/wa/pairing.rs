//! Linking by a code that is typed on the phone.

use std::{sync::Arc, time::Duration};

use wacore::pair_code::PairCodeUtils;
use whatsapp_rust::{
    Client,
    pair_code::{PairCodeError, PairCodeOptions, PairCodeRejection, PairError},
};

/// A code to type on the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PairingCode {
    /// Eight characters.
    pub(crate) code: String,
    /// How long it can be typed.
    pub(crate) valid_for: Duration,
}

/// Why there is no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeRefusal {
    /// Stable code.
    pub(crate) code: &'static str,
    /// What happened and what to do.
    pub(crate) message: String,
}

/// Asks for a code for the phone with this number (digits); a code that is out is withdrawn first.
pub(super) async fn request(client: &Arc<Client>, phone: &str) -> Result<PairingCode, CodeRefusal> {
    client.cancel_pair_code().await;
    let options = PairCodeOptions { phone_number: phone.to_owned(), ..PairCodeOptions::default() };
    match client.pair_with_code(options).await {
        Ok(code) => Ok(PairingCode { code, valid_for: PairCodeUtils::code_validity() }),
        Err(error) => Err(refusal(&error)),
    }
}

fn refusal(error: &PairError) -> CodeRefusal {
    let (code, message) = match error {
        PairError::PairCode(
            PairCodeError::PhoneNumberRequired
            | PairCodeError::PhoneNumberTooShort
            | PairCodeError::PhoneNumberNotInternational,
        ) => ("bad_phone_number", format!("{error}; send the number with its country code")),
        PairError::PairCode(PairCodeError::Cancelled | PairCodeError::CodeAlreadyOutstanding { .. }) => {
            ("pairing_superseded", "another code was asked for meanwhile; use that one".to_owned())
        }
        _ => match error.rejection() {
            Some(PairCodeRejection::FeatureNotAvailable) => (
                "pairing_code_unavailable",
                "WhatsApp does not offer linking by code for this number; scan the QR code".to_owned(),
            ),
            Some(rejection) if rejection.is_throttled() => (
                "pairing_rate_limited",
                "WhatsApp refuses another code for this number now; wait some minutes or scan the QR code"
                    .to_owned(),
            ),
            Some(PairCodeRejection::Forbidden) => (
                "pairing_forbidden",
                "WhatsApp forbids linking this number; check it on the phone".to_owned(),
            ),
            _ => ("pairing_failed", "WhatsApp gave no code; try again or scan the QR code".to_owned()),
        },
    };
    CodeRefusal { code, message }
}
