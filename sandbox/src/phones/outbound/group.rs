//! Messages to a group: one ciphertext for all, and the sender key for devices that lack it.

use wacore::iq::groups::{GroupInfoResponse, ParticipantType};
use wacore::messages::MessageUtils;
use wacore::protocol::ProtocolNode;
use wacore::types::message::AddressingMode;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use waproto::whatsapp as wa;

use super::super::account::Phone;
use super::super::address::DeviceAddress;
use super::super::signal::{Encrypted, Scratch, sender_key_name};
use super::super::store::{Holders, NewMessage, save_changes};
use super::super::{Simulated, new_id};
use super::fanout::Target;
use crate::ports::{PortError, PortResult};

/// Who gets a group's messages.
pub(in super::super) struct Audience {
    pub(super) group: Jid,
    pub(super) mode: AddressingMode,
    /// Lifetime of messages in seconds, when the group has one.
    pub(super) expiration: Option<u32>,
    /// In the group's addressing.
    members: Vec<Jid>,
    /// Members who may do what admins may.
    admins: Vec<Jid>,
}

impl Audience {
    /// Those who see a status, in LID addressing.
    pub(super) fn of_status(viewers: Vec<Jid>) -> Self {
        let (group, mode) = (Jid::status_broadcast(), AddressingMode::Lid);
        Self { group, mode, expiration: None, members: viewers, admins: Vec::new() }
    }

    pub(in super::super) fn is_admin(&self, member: &Jid) -> bool {
        self.admins.contains(&member.to_non_ad())
    }
}

/// A group message, encrypted.
pub(super) struct SealedForGroup {
    pub(super) message: Encrypted,
    /// The sender key for devices that had none.
    pub(super) keys: Vec<(Jid, Encrypted)>,
    /// Hash of all devices the sender knows, its own included.
    pub(super) phash: String,
}

/// This account in a group's addressing.
pub(super) fn own_jid(phone: &Phone, mode: AddressingMode) -> Jid {
    match mode {
        AddressingMode::Lid => Jid::lid(phone.info.lid.as_str()),
        AddressingMode::Pn => phone.jid(),
    }
}

impl Simulated {
    /// Asks the network who is in a group.
    pub(in super::super) async fn audience(&self, phone: &Phone, group: &Jid) -> PortResult<Audience> {
        let query = NodeBuilder::new("query").attr("request", "interactive").build();
        let iq = NodeBuilder::new("iq")
            .attr("id", new_id(""))
            .attr("type", "get")
            .attr("xmlns", "w:g2")
            .attr("to", group)
            .children([query])
            .build();
        let answer = self.network()?.query(phone.pn(), iq).await?;
        let node = answer.get_optional_child("group").ok_or_else(|| no_group(group, &answer))?;
        let info = GroupInfoResponse::try_from_node_ref(&node.as_node_ref())?;
        let (mut members, mut admins) = (Vec::new(), Vec::new());
        for member in info.participants {
            let jid = member.jid.into_non_ad();
            if member.participant_type != ParticipantType::Member {
                admins.push(jid.clone());
            }
            members.push(jid);
        }
        Ok(Audience {
            group: group.clone(),
            mode: info.addressing_mode,
            expiration: info.ephemeral.and_then(|ephemeral| ephemeral.expiration),
            members,
            admins,
        })
    }

    /// Encrypts for a group and commits the ratchets together with the message.
    pub(super) async fn seal_for_group(
        &self,
        phone: &Phone,
        audience: &Audience,
        message: &wa::Message,
        entry: &NewMessage,
    ) -> PortResult<SealedForGroup> {
        let devices = self.audience_devices(phone, audience).await?;
        let phash = MessageUtils::participant_list_hash(&devices)?;
        let targets = self.targets(phone, devices).await?;
        let padded = MessageUtils::encode_and_pad(message);
        let chat = audience.group.to_string();

        let _ratchets = phone.signal.lock().await;
        let holders = self.store.sender_key_holders(phone.pn(), &chat).await?;
        // somebody who had the key is gone: a new key keeps them from reading on
        let anew = holders.iter().any(|holder| targets.iter().all(|target| target.address.key() != *holder));
        let lacking: Vec<Target> =
            targets.into_iter().filter(|target| anew || !holders.contains(&target.address.key())).collect();
        let mut scratch = Scratch::new(&phone.keys);
        let addresses: Vec<_> = lacking.iter().map(|target| target.address.clone()).collect();
        self.store.load_sessions(phone, &addresses, &mut scratch).await?;
        let name = sender_key_name(&chat, &DeviceAddress::new(phone.pn(), 0));
        if !anew {
            self.store.load_sender_key(phone, name.cache_key(), &mut scratch).await?;
        }
        let distribution = scratch.distribute_sender_key(&name).await.map_err(anyhow::Error::from)?;
        let distribution = MessageUtils::encode_and_pad(&distribution_message(&chat, distribution));
        let mut keys = Vec::with_capacity(lacking.len());
        let mut added = Vec::with_capacity(lacking.len());
        for target in lacking {
            let (jid, address) = (target.jid.clone(), target.address.clone());
            if target.ready(&mut scratch).await? {
                keys.push((jid, scratch.encrypt(&address, &distribution).await?));
                added.push(address.key());
            }
        }
        let message = scratch.encrypt_group(&name, &padded).await.map_err(anyhow::Error::from)?;
        let changes = scratch.changes()?;
        let mut tx = self.store.begin().await?;
        save_changes(&mut tx, phone.pn(), &changes).await?;
        Holders { chat, anew, added }.store(&mut tx, phone.pn()).await?;
        entry.store_sent(&mut tx, phone.pn()).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(SealedForGroup { message, keys, phash })
    }

    /// Every device of every member, this phone included, in the group's addressing.
    async fn audience_devices(&self, phone: &Phone, audience: &Audience) -> PortResult<Vec<Jid>> {
        let network = self.network()?;
        let mut devices = Vec::new();
        for member in &audience.members {
            match network.devices(member).await {
                Ok(found) => devices.extend(found),
                // left the network since
                Err(PortError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let own = own_jid(phone, audience.mode);
        if !devices.contains(&own) {
            devices.push(own);
        }
        Ok(devices)
    }
}

/// Why there is no such group for this phone.
fn no_group(group: &Jid, answer: &Node) -> PortError {
    let error = answer.get_optional_child("error");
    let code = error.and_then(|error| error.attrs().optional_u64("code")).unwrap_or(404);
    match code {
        403 => PortError::Refused(format!("the phone is not in {group}")),
        _ => PortError::NotFound(format!("no group {group} ({code})")),
    }
}

fn distribution_message(group: &str, distribution: Vec<u8>) -> wa::Message {
    let part = wa::message::SenderKeyDistributionMessage {
        group_id: Some(group.to_owned()),
        axolotl_sender_key_distribution_message: Some(distribution),
    };
    wa::Message { sender_key_distribution_message: buffa::MessageField::some(part), ..Default::default() }
}
