//! Addresses a key may be used from.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;

use crate::Invalid;

/// Networks in CIDR notation, IPv4 and IPv6. No networks: from anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads networks (`10.1.0.0/16`, `fd00::/8`) and single addresses.
    ///
    /// # Errors
    /// The first that is neither, as `field[n]`.
    pub fn read<'a>(field: &str, texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Invalid> {
        let networks = texts.into_iter().enumerate().map(|(at, text)| {
            network(text.trim()).ok_or_else(|| {
                let remedy = "write a network such as 10.1.0.0/16 or fd00::/8, or one address";
                Invalid::new(format!("{field}[{at}]"), format!("{text} is not a network"), remedy)
            })
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none, which admits every address.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether an address lies in one of them. An IPv4 address in IPv6's clothes (`::ffff:10.0.0.1`) counts as IPv4.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Each as text.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().join(","))
    }
}

fn network(text: &str) -> Option<IpNet> {
    let network: IpNet = match text.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().into(),
        Err(_) => text.parse().ok()?,
    };
    Some(network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_in_their_networks() {
        let networks = Networks::read("ips", ["10.1.0.0/16", "2001:db8::/32", "192.0.2.7"]).unwrap();
        for (address, inside) in [
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::ffff:10.1.0.1", true),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
            ("::1", false),
        ] {
            assert_eq!(networks.contain(address.parse().unwrap()), inside, "{address}");
        }
        assert_eq!(networks.texts(), ["10.1.0.0/16", "2001:db8::/32", "192.0.2.7/32"]);
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in ["10.0.0.0/33", "example.com", "", "10.0.0", "::/129"] {
            let error = Networks::read("allowed_ips", ["10.0.0.1", wrong]).unwrap_err();
            assert_eq!(error.field, "allowed_ips[1]", "{wrong}");
        }
    }
}
