//! XAES-256-GCM: AES-256-GCM under a key of its own for each nonce of 192 bits.
//!
//! With the 96 bits of plain AES-GCM a key may seal 2^32 values at random nonces, which a busy workspace writes within
//! months; with 192 bits it is 2^80. See <https://c2sp.org/XAES-256-GCM>.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
    aes::{Aes256, cipher::BlockCipherEncrypt},
};

/// Bytes of a nonce.
pub(super) const NONCE: usize = 24;
/// Bytes of a key.
pub(super) const KEY: usize = 32;
/// How many bytes of the nonce choose the key; the others are AES-GCM's nonce.
const CHOOSES: usize = 12;
/// Bytes of a block of AES.
const BLOCK: usize = 16;

/// A 256-bit key, ready for use.
#[derive(Clone)]
pub(super) struct Cipher {
    aes: Aes256,
    /// CMAC's first subkey.
    mask: [u8; BLOCK],
}

impl Cipher {
    pub(super) fn new(key: &[u8; KEY]) -> Self {
        let aes = Aes256::new(&(*key).into());
        let mask = double(block(&aes, [0; BLOCK]));
        Self { aes, mask }
    }

    /// The sealed text and its tag; `None` when it is longer than AES-GCM takes (64 GiB).
    pub(super) fn seal(&self, nonce: &[u8; NONCE], context: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let (cipher, nonce) = self.derive(nonce);
        cipher.encrypt(&nonce.into(), Payload { msg: plain, aad: context }).ok()
    }

    /// What was sealed with this key, nonce and context; `None` when anything differs.
    pub(super) fn open(&self, nonce: &[u8; NONCE], context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (cipher, nonce) = self.derive(nonce);
        cipher.decrypt(&nonce.into(), Payload { msg: sealed, aad: context }).ok()
    }

    /// NIST SP 800-108r1, counter mode with CMAC: the label is "X".
    fn derive(&self, nonce: &[u8; NONCE]) -> (Aes256Gcm, [u8; NONCE - CHOOSES]) {
        let mut key = [0; KEY];
        for (counter, half) in (1..).zip(key.chunks_exact_mut(BLOCK)) {
            let mut input = [0, counter, b'X', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            input[BLOCK - CHOOSES..].copy_from_slice(&nonce[..CHOOSES]);
            for (byte, mask) in input.iter_mut().zip(self.mask) {
                *byte ^= mask;
            }
            half.copy_from_slice(&block(&self.aes, input));
        }
        let mut rest = [0; NONCE - CHOOSES];
        rest.copy_from_slice(&nonce[CHOOSES..]);
        (Aes256Gcm::new(&key.into()), rest)
    }
}

fn block(aes: &Aes256, input: [u8; BLOCK]) -> [u8; BLOCK] {
    let mut block = input.into();
    aes.encrypt_block(&mut block);
    block.into()
}

/// Doubling in GF(2^128), as CMAC does it (RFC 4493).
fn double(block: [u8; BLOCK]) -> [u8; BLOCK] {
    let number = u128::from_be_bytes(block);
    let carry = if number >> 127 == 1 { 0x87 } else { 0 };
    ((number << 1) ^ carry).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_of_the_specification() {
        let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        for (key, context, sealed) in [
            ([1; KEY], "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            ([3; KEY], "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
        ] {
            let cipher = Cipher::new(&key);
            let made = cipher.seal(nonce, context.as_bytes(), b"XAES-256-GCM").unwrap();
            assert_eq!(hex::encode(&made), sealed);
            assert_eq!(cipher.open(nonce, context.as_bytes(), &made).unwrap(), b"XAES-256-GCM");
        }
    }
}
