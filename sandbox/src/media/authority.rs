//! The sandbox's certificate authority: kept over restarts, so that clients trust it once.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::state::State;

const KEY: &str = "tls_ca_key";
const CERTIFICATE: &str = "tls_ca_pem";

/// Names the media endpoint answers to; the WhatsApp hosts are for clients that have them
/// built in and reach the sandbox by a DNS override.
const NAMES: [&str; 3] = ["localhost", "mmg.whatsapp.net", "*.whatsapp.net"];

/// The authority and where its certificate was written.
pub(crate) struct Authority {
    key: KeyPair,
    /// PEM file for clients to trust.
    pub(crate) pem: PathBuf,
}

impl Authority {
    /// Takes the authority of an earlier start or makes one, and writes `<home>/ca.pem`.
    pub(crate) async fn open(home: &Path, state: &State) -> Result<Self> {
        let (key, certificate) = match (state.setting(KEY).await?, state.setting(CERTIFICATE).await?) {
            (Some(key), Some(certificate)) => (KeyPair::from_pem(&String::from_utf8(key)?)?, certificate),
            _ => {
                let key = KeyPair::generate()?;
                let certificate = params()?.self_signed(&key)?.pem().into_bytes();
                state.keep_setting(KEY, key.serialize_pem().into_bytes()).await?;
                state.keep_setting(CERTIFICATE, certificate.clone()).await?;
                (key, certificate)
            }
        };
        let pem = home.join("ca.pem");
        tokio::fs::write(&pem, certificate).await.with_context(|| format!("write {}", pem.display()))?;
        Ok(Self { key, pem })
    }

    /// TLS settings with a fresh certificate for loopback.
    pub(crate) fn server_config(self) -> Result<(Arc<ServerConfig>, PathBuf)> {
        let leaf_key = KeyPair::generate()?;
        let mut leaf = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
        leaf.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        leaf.distinguished_name.push(DnType::CommonName, "sandbox media");
        leaf.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        let certificate = leaf.signed_by(&leaf_key, &Issuer::new(params()?, self.key))?;
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok((Arc::new(config), self.pem))
    }
}

/// The authority's own certificate; the same on every start.
fn params() -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "wagate sandbox CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}
