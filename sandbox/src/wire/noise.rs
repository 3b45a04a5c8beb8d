//! Noise responder: XX, IK, and XXfallback when an IK hello cannot be decrypted
//! (`Noise_{XX,IK,XXfallback}_25519_AESGCM_SHA256`; the prologue is the header as received).

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use wacore_binary::consts::{NOISE_PATTERN_IK, NOISE_PATTERN_XX, NOISE_PATTERN_XXFALLBACK};
use wacore_libsignal::protocol::KeyPair;
use wacore_noise::{NoiseCipher, NoiseHandshake};
use waproto::codec::{handshake_message_decode, handshake_message_to_vec};
use waproto::whatsapp::HandshakeMessage;
use waproto::whatsapp::handshake_message::{ClientHello, ServerHello};

use super::certificates::ServerIdentity;

/// A finished handshake.
pub(crate) struct Established {
    /// Name of the pattern that was run.
    pub(crate) pattern: &'static str,
    /// Client's static Noise key: what a linked device is recognised by.
    pub(crate) client_static: [u8; 32],
    /// `ClientPayload` protobuf bytes.
    pub(crate) payload: Bytes,
    /// Cipher of server→client frames.
    pub(crate) write: NoiseCipher,
    /// Cipher of client→server frames.
    pub(crate) read: NoiseCipher,
}

/// What the responder does after a ClientHello.
pub(crate) enum AfterHello {
    /// IK was accepted: send the hello, nothing more is expected.
    Done { hello: Vec<u8>, established: Box<Established> },
    /// XX or XXfallback: send the hello and read a ClientFinish.
    Finish { hello: Vec<u8>, pending: Box<PendingFinish> },
}

/// State between ServerHello and ClientFinish.
pub(crate) struct PendingFinish {
    pattern: &'static str,
    noise: NoiseHandshake,
    ephemeral: KeyPair,
}

/// Answers a ClientHello.
pub(crate) fn respond(server: &ServerIdentity, prologue: &[u8; 4], frame: &[u8]) -> Result<AfterHello> {
    let hello = handshake_message_decode(frame)?
        .client_hello
        .into_option()
        .context("first frame is not a ClientHello")?;
    let client_ephemeral = key32(hello.ephemeral.as_deref(), "client ephemeral")?;
    if hello.r#static.is_some() {
        if server.serves_ik()
            && let Ok(done) = respond_ik(server, prologue, &client_ephemeral, &hello)
        {
            return Ok(done);
        }
        return respond_xx(server, prologue, &client_ephemeral, ("XXfallback", NOISE_PATTERN_XXFALLBACK));
    }
    respond_xx(server, prologue, &client_ephemeral, ("XX", NOISE_PATTERN_XX))
}

fn respond_xx(
    server: &ServerIdentity,
    prologue: &[u8; 4],
    client_ephemeral: &[u8; 32],
    (pattern, protocol): (&'static str, &str),
) -> Result<AfterHello> {
    let mut noise = NoiseHandshake::new(protocol, prologue)?;
    noise.authenticate(client_ephemeral);
    let ephemeral = KeyPair::generate(&mut rand::rng());
    noise.authenticate(ephemeral.public_key.public_key_bytes());
    noise.mix_shared_secret(ephemeral.private_key.serialize(), client_ephemeral)?;
    let sealed_static = noise.encrypt(server.static_public())?;
    noise.mix_shared_secret(server.static_private(), client_ephemeral)?;
    let sealed_chain = noise.encrypt(server.chain())?;
    let hello = server_hello(&ephemeral, Some(sealed_static), sealed_chain);
    Ok(AfterHello::Finish { hello, pending: Box::new(PendingFinish { pattern, noise, ephemeral }) })
}

fn respond_ik(
    server: &ServerIdentity,
    prologue: &[u8; 4],
    client_ephemeral: &[u8; 32],
    hello: &ClientHello,
) -> Result<AfterHello> {
    let sealed_static = hello.r#static.as_deref().context("IK without static")?;
    let sealed_payload = hello.payload.as_deref().context("IK without payload")?;
    let mut noise = NoiseHandshake::new(NOISE_PATTERN_IK, prologue)?;
    noise.authenticate(server.static_public());
    noise.authenticate(client_ephemeral);
    noise.mix_shared_secret(server.static_private(), client_ephemeral)?;
    let client_static = key32(Some(&noise.decrypt(sealed_static)?), "client static")?;
    noise.mix_shared_secret(server.static_private(), &client_static)?;
    let payload = noise.decrypt(sealed_payload)?;

    let ephemeral = KeyPair::generate(&mut rand::rng());
    noise.authenticate(ephemeral.public_key.public_key_bytes());
    noise.mix_shared_secret(ephemeral.private_key.serialize(), client_ephemeral)?;
    noise.mix_shared_secret(ephemeral.private_key.serialize(), &client_static)?;
    let sealed_chain = noise.encrypt(server.chain())?;
    let reply = server_hello(&ephemeral, None, sealed_chain);
    Ok(AfterHello::Done {
        hello: reply,
        established: Box::new(establish("IK", noise, client_static, payload)?),
    })
}

impl PendingFinish {
    /// Reads the ClientFinish that ends XX and XXfallback.
    pub(crate) fn finish(mut self, frame: &[u8]) -> Result<Established> {
        let finish = handshake_message_decode(frame)?
            .client_finish
            .into_option()
            .context("second frame is not a ClientFinish")?;
        let (Some(sealed_static), Some(sealed_payload)) = (finish.r#static, finish.payload) else {
            bail!("ClientFinish lacks static or payload");
        };
        let client_static = key32(Some(&self.noise.decrypt(&sealed_static)?), "client static")?;
        self.noise.mix_shared_secret(self.ephemeral.private_key.serialize(), &client_static)?;
        let payload = self.noise.decrypt(&sealed_payload)?;
        establish(self.pattern, self.noise, client_static, payload)
    }
}

/// The split names its keys from the initiator's side: its write key is our read key.
fn establish(
    pattern: &'static str,
    noise: NoiseHandshake,
    client_static: [u8; 32],
    payload: Vec<u8>,
) -> Result<Established> {
    let (client_to_server, server_to_client) = noise.finish()?;
    Ok(Established {
        pattern,
        client_static,
        payload: payload.into(),
        write: server_to_client,
        read: client_to_server,
    })
}

fn server_hello(ephemeral: &KeyPair, sealed_static: Option<Vec<u8>>, sealed_chain: Vec<u8>) -> Vec<u8> {
    handshake_message_to_vec(&HandshakeMessage {
        server_hello: buffa::MessageField::some(ServerHello {
            ephemeral: Some(ephemeral.public_key.public_key_bytes().to_vec()),
            r#static: sealed_static,
            payload: Some(sealed_chain),
            ..Default::default()
        }),
        ..Default::default()
    })
}

fn key32(bytes: Option<&[u8]>, what: &str) -> Result<[u8; 32]> {
    let bytes = bytes.with_context(|| format!("{what} is missing"))?;
    ensure!(bytes.len() == 32, "{what} has {} bytes", bytes.len());
    bytes.try_into().with_context(|| format!("{what} is not a key"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wacore_binary::consts::WA_CONN_HEADER;
    use wacore_noise::{IkHandshakeState, IkServerHelloOutcome, XxFallbackHandshakeState};

    fn client_keys() -> KeyPair {
        KeyPair::generate(&mut rand::rng())
    }

    #[test]
    fn ik_is_served_with_the_right_key() {
        let server = ServerIdentity::generate(1_700_000_000).expect("identity");
        let mut client =
            IkHandshakeState::new(client_keys(), *server.static_public(), b"login".to_vec(), &WA_CONN_HEADER)
                .expect("client");
        let hello = client.build_client_hello().expect("hello");
        let AfterHello::Done { hello, established } =
            respond(&server, &WA_CONN_HEADER, &hello).expect("respond")
        else {
            panic!("IK must be accepted");
        };
        assert_eq!(&established.payload[..], b"login");
        let IkServerHelloOutcome::Continue(outcome) = client.read_server_hello(&hello).expect("read") else {
            panic!("client must continue");
        };
        let mut sealed = outcome.write_cipher.encrypt_with_counter(0, b"ping").expect("seal");
        established.read.decrypt_in_place_with_counter(0, &mut sealed).expect("open");
        assert_eq!(sealed, b"ping");
    }

    #[test]
    fn ik_with_a_stale_key_falls_back() {
        let server = ServerIdentity::generate(1_700_000_000).expect("identity");
        let stale = ServerIdentity::generate(1_700_000_000).expect("identity");
        let keys = client_keys();
        let own = keys.public_key.public_key_bytes().to_vec();
        let mut client =
            IkHandshakeState::new(keys, *stale.static_public(), b"login".to_vec(), &WA_CONN_HEADER)
                .expect("client");
        let hello = client.build_client_hello().expect("hello");
        let AfterHello::Finish { hello, pending } =
            respond(&server, &WA_CONN_HEADER, &hello).expect("respond")
        else {
            panic!("stale IK must not be accepted");
        };
        let IkServerHelloOutcome::Fallback(inputs) = client.read_server_hello(&hello).expect("read") else {
            panic!("client must fall back");
        };
        let mut client =
            XxFallbackHandshakeState::from_ik_failure(*inputs, &WA_CONN_HEADER).expect("fallback");
        let Ok(finish) = client.build_client_finish() else {
            // Without the certificate feature the client stops at our root, as it must.
            return;
        };
        let established = pending.finish(&finish).expect("finish");
        assert_eq!(&established.payload[..], b"login");
        assert_eq!(&established.client_static[..], &own[..]);
    }

    #[test]
    fn garbage_is_refused() {
        let server = ServerIdentity::generate(1_700_000_000).expect("identity");
        assert!(respond(&server, &WA_CONN_HEADER, b"\xff\xff\xff").is_err());
        assert!(respond(&server, &WA_CONN_HEADER, b"").is_err());
    }
}
