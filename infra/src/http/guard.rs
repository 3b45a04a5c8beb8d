//! Resolving names and refusing private addresses before anything is connected to.

use std::{
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use wagate_domain::auth::Networks;

use super::addresses::is_public;
use crate::config::OutboundConfig;

/// Decides which addresses may be connected to. As a DNS resolver it hands out checked addresses
/// only, so what was checked is what is connected to, whatever the name resolves to a moment later.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    allow_private: bool,
    allow: Networks,
}

/// A name leads to an address that may not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("leads to a private address")]
pub(super) struct PrivateAddress;

impl Guard {
    /// A guard with the operator's exceptions.
    #[must_use]
    pub fn new(config: &OutboundConfig) -> Self {
        Self(Arc::new(Rules { allow_private: config.allow_private, allow: config.allow.clone() }))
    }

    /// Whether this address may be connected to.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        self.0.allow_private
            || is_public(address)
            || (!self.0.allow.is_empty() && self.0.allow.contain(address))
    }

    /// Where a name or address leads, if it may be connected to.
    ///
    /// # Errors
    /// When the name has no address, or leads to a private one.
    pub async fn resolve_host(
        &self,
        host: &str,
        port: u16,
    ) -> Result<SocketAddr, Box<dyn Error + Send + Sync>> {
        let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await?.collect();
        self.check(&addresses)?;
        Ok(addresses[0])
    }

    // one private address among several is enough to refuse: names are not made like that by honest people
    fn check(&self, addresses: &[SocketAddr]) -> Result<(), Box<dyn Error + Send + Sync>> {
        if addresses.is_empty() {
            return Err(Box::new(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
        }
        if addresses.iter().all(|address| self.permits(address.ip())) {
            Ok(())
        } else {
            Err(Box::new(PrivateAddress))
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            guard.check(&addresses)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Whether an error (or what caused it) is the guard's refusal.
pub(super) fn is_refusal(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<PrivateAddress>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_exact_and_one_private_address_is_enough_to_refuse() {
        let config = OutboundConfig {
            allow_private: false,
            allow: Networks::read("allow", ["127.0.0.1/32"]).unwrap(),
        };
        let guard = Guard::new(&config);
        for (addresses, good) in [
            (vec!["1.1.1.1"], true),
            (vec!["127.0.0.1"], true),
            (vec!["::ffff:127.0.0.1"], true),
            (vec!["127.0.0.2"], false),
            (vec!["1.1.1.1", "10.0.0.1"], false),
            (vec![], false),
        ] {
            let sockets: Vec<_> = addresses.iter().map(|a| SocketAddr::new(a.parse().unwrap(), 80)).collect();
            assert_eq!(guard.check(&sockets).is_ok(), good, "{addresses:?}");
        }
        let open = Guard::new(&OutboundConfig { allow_private: true, allow: Networks::default() });
        assert!(open.permits("10.0.0.1".parse().unwrap()));
    }
}
