//! Time-based codes (RFC 6238) as authenticator apps make them: SHA-1, six digits, a new one every 30 seconds.

use std::fmt;

use totp_rs::{Builder, Secret, Totp};

use super::EmailAddress;
use crate::{Env, Timestamp};

/// Bytes of a secret (RFC 4226 §4 recommends 160 bits).
const BYTES: usize = 20;
/// Seconds for which a code is shown.
const STEP: u64 = 30;

/// What the codes of an authenticator are made of. Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(String);

impl TotpSecret {
    /// A fresh one.
    #[must_use]
    pub fn generate(env: &Env) -> Self {
        let mut bytes = [env.random().to_be_bytes(), env.random().to_be_bytes()].concat();
        bytes.truncate(BYTES);
        Self(Secret::from(bytes).to_base32())
    }

    /// One that is on record, in base32.
    #[must_use]
    pub fn stored(base32: impl Into<String>) -> Self {
        Self(base32.into())
    }

    /// The secret in base32, for the authenticator and for the record.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The address that an authenticator reads from a QR code.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &EmailAddress) -> String {
        let encode = |text: &str| -> String {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            text.bytes()
                .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
                .collect()
        };
        let (issuer, account) = (encode(issuer), encode(account.as_str()));
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}",
            self.0
        )
    }

    /// The step that a code belongs to: this one, the one before or the one after. `None` when it belongs to none.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<u64> {
        self.totp()?.check(code, seconds(now))
    }

    fn totp(&self) -> Option<Totp> {
        let secret = Secret::try_from_base32(&self.0).ok()?;
        Some(
            Builder::new()
                .with_secret(secret)
                .with_digits(6)
                .with_skew(1)
                .with_step_duration(STEP)
                .build_noncompliant(),
        )
    }
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_millis() / 1000).unwrap_or(0)
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<totp secret>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret "12345678901234567890", SHA-1, the last six of eight digits.
    #[test]
    fn codes_of_the_rfc_and_of_the_steps_around_them() {
        let secret = TotpSecret::stored("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (seconds, code) in [
            (1_111_111_111, "050471"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
            let step = u64::try_from(seconds / 30).unwrap();
            for near in [seconds, seconds - 30, seconds + 30] {
                assert_eq!(secret.step_of(code, at(near)), Some(step), "{code} at {near}");
            }
            for far in [seconds - 60, seconds + 60] {
                assert_eq!(secret.step_of(code, at(far)), None, "{code} at {far}");
            }
        }
        for wrong in ["", "28708", "2870822", "28708a", "287 082"] {
            assert_eq!(secret.step_of(wrong, Timestamp::from_millis(59_000)), None, "{wrong}");
        }
    }

    #[test]
    fn the_uri_is_one_that_authenticators_read() {
        let secret = TotpSecret::stored("GEZDGNBV");
        let uri = secret.uri("wagate at home", &"a+b@example.com".parse().unwrap());
        assert_eq!(
            uri,
            "otpauth://totp/wagate%20at%20home:a%2Bb%40example.com?secret=GEZDGNBV&issuer=wagate%20at%20home\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{secret:?}"), "<totp secret>");
    }
}
