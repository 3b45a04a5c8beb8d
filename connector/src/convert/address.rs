//! Addresses and JIDs.

use wacore_binary::{Jid, Server};
use wagate_domain::{Address, ContactIds, address};

/// The system account that announces things and never answers.
const PSA: &str = "0";

/// The address a JID stands for; `None` for what messages cannot be sent to (status, calls, bots).
pub(crate) fn address_of(jid: &Jid) -> Option<Address> {
    let user = jid.user.as_str();
    match jid.server {
        Server::Pn | Server::Hosted | Server::Legacy if user == PSA => None,
        Server::Pn | Server::Hosted | Server::Legacy if !user.is_empty() => Some(Address::pn(user)),
        Server::Lid | Server::HostedLid if !user.is_empty() => Some(Address::lid(user)),
        Server::Group | Server::Newsletter => jid.to_non_ad_string().parse().ok(),
        _ => None,
    }
}

/// The JID of an address.
pub(crate) fn jid_of(address: &Address) -> Jid {
    let server = match address.server() {
        address::Server::Pn => Server::Pn,
        address::Server::Lid => Server::Lid,
        address::Server::Group => Server::Group,
        address::Server::Newsletter => Server::Newsletter,
    };
    Jid::new(address.user(), server)
}

/// What a JID tells of a person.
pub(crate) fn identities_of(jid: Option<&Jid>) -> ContactIds {
    jid.and_then(address_of).map_or_else(ContactIds::default, |address| ContactIds::of(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jids_become_addresses() {
        for (jid, expected) in [
            ("6281234567890@s.whatsapp.net", Some("6281234567890@s.whatsapp.net")),
            ("6281234567890:7@s.whatsapp.net", Some("6281234567890@s.whatsapp.net")),
            ("6281234567890@c.us", Some("6281234567890@s.whatsapp.net")),
            ("100000012345678:2@lid", Some("100000012345678@lid")),
            ("100000012345678@hosted.lid", Some("100000012345678@lid")),
            ("120363000000000001@g.us", Some("120363000000000001@g.us")),
            ("120363000000000009@newsletter", Some("120363000000000009@newsletter")),
            ("status@broadcast", None),
            ("0@s.whatsapp.net", None),
            ("13135550002@bot", None),
        ] {
            let parsed: Jid = jid.parse().unwrap();
            assert_eq!(address_of(&parsed).map(|address| address.to_string()).as_deref(), expected, "{jid}");
        }
    }

    #[test]
    fn addresses_read_back() {
        for text in [
            "6281234567890@s.whatsapp.net",
            "100000012345678@lid",
            "120363000000000001@g.us",
            "120363000000000009@newsletter",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address_of(&jid_of(&address)), Some(address.clone()));
            assert_eq!(jid_of(&address).to_string(), text);
        }
    }
}
