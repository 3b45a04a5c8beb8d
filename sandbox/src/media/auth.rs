//! Tokens that open the media endpoint: an expiry and the account they were given to, signed.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::state::State;

/// Seconds after which clients ask for the hosts again.
pub(crate) const CONN_SECS: u64 = 3600;
/// Seconds a token is valid.
pub(crate) const AUTH_SECS: u64 = 21_600;

const SETTING: &str = "media_secret";

/// Issues and checks tokens.
pub(super) struct Auth {
    secret: Vec<u8>,
}

impl Auth {
    /// Takes the secret of an earlier start, so that tokens outlive a restart.
    pub(super) async fn open(state: &State) -> Result<Self> {
        if let Some(secret) = state.setting(SETTING).await? {
            return Ok(Self { secret });
        }
        let secret = rand::random::<[u8; 32]>().to_vec();
        state.keep_setting(SETTING, secret.clone()).await?;
        Ok(Self { secret })
    }

    /// A token for an account, valid from `now` (unix seconds) on.
    pub(super) fn issue(&self, pn: u64, now: u64) -> String {
        let mut token = [(now + AUTH_SECS).to_be_bytes(), pn.to_be_bytes()].concat();
        token.extend_from_slice(&self.mac(&token).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The account of a token that is ours and has not expired.
    pub(super) fn account(&self, token: &str, now: u64) -> Option<u64> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (signed, mac) = token.split_first_chunk::<16>()?;
        let (expiry, pn) = signed.split_first_chunk::<8>()?;
        self.mac(signed).verify_slice(mac).ok()?;
        (u64::from_be_bytes(*expiry) > now).then(|| u64::from_be_bytes(*pn.first_chunk().unwrap_or(&[0; 8])))
    }

    fn mac(&self, message: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of any length.
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(message);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_expire_and_cannot_be_made_up() {
        let auth = Auth { secret: vec![1; 32] };
        let token = auth.issue(49_151, 1000);
        assert_eq!(auth.account(&token, 1000), Some(49_151));
        assert_eq!(auth.account(&token, 1000 + AUTH_SECS), None);
        assert_eq!(Auth { secret: vec![2; 32] }.account(&token, 1000), None);
        for bad in ["", "x", "AAAA", &token[..token.len() - 2]] {
            assert_eq!(auth.account(bad, 1000), None, "{bad}");
        }
    }
}
